"""The state that a monitor page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason
from ttsmirror.version import VERSION
from ttsmirror.wire.fields import format_time
from ttsmonitor.conf import conf
from ttsmonitor.history import stats
from ttsmonitor.history.serializers import serialize
from ttsmonitor.intake.broker_counts import BrokerCounts
from ttsmonitor.service import service

RECENT = 50
QUEUE_SHOWN = 200
NOT_RUNNING = Reason("speech service not running in this process")


def whole() -> dict[str, Any]:
    """Return everything that a page needs to draw itself."""
    recent = Utterance.objects.recent()[:RECENT]
    return {
        "status": status(),
        "recent": [serialize(utterance) for utterance in recent],
        "activity": activity(),
        "progress": progress(),
    } | figures()


def figures() -> dict[str, Any]:
    """Return the state that no event carries: queue, numbers and checks."""
    return waiting() | {"stats": stats.collect(), "health": health()}


@dataclass(frozen=True)
class Waiting:
    """The queue at one moment: `count` agrees with `rows`."""

    rows: list[Utterance]
    """The first of them, next one first."""
    count: int
    """The number of all."""


def waiting_rows() -> Waiting:
    """Return the utterances that wait."""
    rows = list(Utterance.objects.waiting()[:QUEUE_SHOWN])
    count = Utterance.objects.waiting().count()  # of another moment: the rows may be all
    is_whole = len(rows) < QUEUE_SHOWN
    return Waiting(rows, len(rows) if is_whole else max(count, len(rows)))


def waiting() -> dict[str, Any]:
    """Return the queue as JSON."""
    found = waiting_rows()
    return {"queue": [serialize(row) for row in found.rows], "queue_count": found.count}


def status() -> dict[str, Any]:
    """Return the speaker's state; `offline` in a process without the speech service."""
    running = service.current()
    return offline() if running is None else running.status()


def progress() -> dict[str, Any] | None:
    """Return the progress of the current utterance, or None in silence."""
    running = service.current()
    return None if running is None else running.progress()


def health() -> dict[str, Any]:
    """Return the named checks; a failed one in a process without the speech service."""
    running = service.current()
    if running is None:
        return {"ok": False, "checks": {"service": failed_check()}}
    return running.health()


def is_online(component: str) -> bool:
    """Return True if this component is at the broker, as far as is known."""
    running = service.current()
    return running is not None and running.is_online(component)


def failed_check() -> dict[str, Any]:
    """Return a check that fails because this process has no speech service."""
    return {"ok": False, "detail": NOT_RUNNING, "since": None, "reason": NOT_RUNNING.as_json()}


def broker_counts() -> dict[str, Any]:
    """Return the broker's own counters."""
    running = service.current()
    return BrokerCounts().report(NOT_RUNNING) if running is None else running.broker_counts()


def activity() -> list[dict[str, Any]]:
    """Return the newest log entries, oldest first."""
    running = service.current()
    return [] if running is None else running.activity()


def offline() -> dict[str, Any]:
    """Return the state without a speech service, with every field of a running one's."""
    return {
        "status": "offline",
        "current": None,
        "current_text": "",
        "queue_size": Utterance.objects.waiting().count(),
        "volume": 1.0,
        "muted": False,
        "paused": False,
        "engine": "",
        "voice": "",
        "next_voice": "",
        "voice_missing": False,
        "output": "",
        "audience": False,
        "broker": {
            "connected": False,
            "address": f"{conf.MQTT_HOST}:{conf.broker_port}",
            "error": NOT_RUNNING,
            "since": None,
        },
        "started_at": None,
        "version": VERSION,
        "timestamp": format_time(timezone.now()),
    }
