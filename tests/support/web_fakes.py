"""A fake speech service for web tests, and history rows."""

from __future__ import annotations

import uuid
from concurrent.futures import Future
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import timezone
from prometheus_client import CollectorRegistry

from ttsmirror.models import Utterance
from ttsmirror.reasons import as_json
from ttsmirror.wire.control import Control
from ttsmonitor.audio.browser import BrowserOutput
from ttsmonitor.intake.broker_counts import BrokerCounts
from ttsmonitor.monitor import snapshot


class FakeService:
    """A fake for service.current() that reports set values and records controls."""

    def __init__(self) -> None:
        self.controls: list[Control] = []
        self.obeys = True
        self.online: set[str] = set()
        """The components at the broker."""
        self.changes: dict[str, Any] = {}
        """Differences of the status."""
        self.sound_changes = self.voice_changes = 0
        self.tone: Future[str] = Future()
        self.tone.set_result("")
        self.counts = BrokerCounts()
        self.metrics = SimpleNamespace(registry=CollectorRegistry())
        self.browser: BrowserOutput | None = BrowserOutput()
        self.checks: dict[str, dict[str, Any]] = {
            name: {"ok": True, "detail": "ok", "since": None, "reason": None}
            for name in ("broker", "database", "synthesis", "audio", "queue")
        }

    def break_check(self, name: str, detail: str) -> None:
        since = "2026-01-02T03:04:05.000Z"
        reason = as_json(detail)
        self.checks[name] = {"ok": False, "detail": detail, "since": since, "reason": reason}

    def status(self) -> dict[str, Any]:
        broker = {"connected": True, "address": "broker.test:1883", "error": "", "since": None}
        return (
            snapshot.offline()
            | {
                "status": "idle",
                "engine": "espeak es",
                "next_voice": "espeak es",
                "voice_missing": False,
                "output": "null",
                "broker": broker,
            }
            | self.changes
        )

    def is_online(self, component: str) -> bool:
        return component in self.online

    def health(self) -> dict[str, Any]:
        return {"ok": all(check["ok"] for check in self.checks.values()), "checks": self.checks}

    def activity(self) -> list[dict[str, Any]]:
        return [{"at": "2026-01-02T03:04:05.000Z", "level": "info", "text": "ready <b>now</b>"}]

    def broker_counts(self) -> dict[str, Any]:
        return self.counts.report()

    def progress(self) -> dict[str, Any] | None:
        return None

    def follow_sound_setting(self) -> None:
        self.sound_changes += 1

    def look_after_voices(self) -> None:
        self.voice_changes += 1

    def play_test_tone(self) -> Future[str]:
        return self.tone

    def control(self, control: Control) -> bool:
        self.controls.append(control)
        return self.obeys


def utterance(text: str = "Hola", *, seconds_ago: float = 0, **fields: Any) -> Utterance:
    """Create a history row, spoken by default."""
    moment: datetime = timezone.now() - timedelta(seconds=seconds_ago)
    values: dict[str, Any] = {
        "id": uuid.uuid4(),
        "source": "system",
        "status": Utterance.Status.SPOKEN,
        "published_at": moment,
        "received_at": moment,
    }
    return Utterance.objects.create(text=text, **values | fields)
