"""The state of the speech service: as JSON, on moxie/tts/status and on the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ttsmirror.models import Utterance
from ttsmirror.mqtt.connection import MQTTConnection
from ttsmirror.text import shorten
from ttsmirror.version import VERSION
from ttsmirror.wire.fields import format_time
from ttsmirror.wire.messages import EVENTS, SPEECH_COMPONENT, status_payload
from ttsmonitor import live_events
from ttsmonitor.audio.base import Output
from ttsmonitor.history.serializers import serialize
from ttsmonitor.intake.subscriber import Subscriber
from ttsmonitor.service.alerts import find_alerts
from ttsmonitor.speaking.recorder import Change
from ttsmonitor.speaking.speaker import Speaker
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.synthesizer import Synthesizer

SHOWN_CHARACTERS = 200
"""Characters of the current text on the status topic."""


class StatusReport:
    """Describes the service. Callable from any thread."""

    def __init__(
        self,
        speaker: Speaker,
        synthesizer: Synthesizer,
        output: Output,
        cache: SoundCache | None,
        connection: MQTTConnection,
    ) -> None:
        """Describe these parts of the service."""
        self._started_at = datetime.now(UTC)
        self._speaker = speaker
        self._synthesizer = synthesizer
        self._output = output
        self._cache = cache
        self._connection = connection

    def as_json(self) -> dict[str, Any]:
        """Return the content of /api/status."""
        performance = self._speaker.performance
        utterance = performance.utterance if performance else None
        controls, connection, cache = self._speaker.controls, self._connection, self._cache
        label = self._synthesizer.label
        return {
            "status": self._speaker.state,
            "current": serialize(utterance) if utterance else None,
            "current_text": utterance.text if utterance else "",
            "queue_size": Utterance.objects.waiting().count(),
            "volume": controls.volume,
            "muted": controls.is_muted,
            "paused": controls.is_paused,
            "engine": str(label or ""),
            "voice": label.voice if label else "",
            "next_voice": self._speaker.voices.next_voice,
            "voice_missing": self._speaker.voices.is_voice_missing,
            "cache": {"hits": cache.hits, "misses": cache.misses} if cache else None,
            "output": self._output.name,
            "audience": self._output.has_audience,
            "broker": {
                "connected": connection.is_ready,
                "address": connection.address,
                "error": connection.error,
                "since": format_time(datetime.fromtimestamp(connection.error_since, UTC)),
            },
            "started_at": format_time(self._started_at),
            "version": VERSION,
            "timestamp": format_time(datetime.now(UTC)),
        }


class StatusPublisher:
    """Reports events to the broker and the pages. Called on the recorder's thread."""

    def __init__(
        self,
        report: StatusReport,
        subscriber: Subscriber,
        health: Callable[[], dict[str, Any]],
    ) -> None:
        """Publish `report`, and what `health` reports, over the subscriber's connection."""
        self._report = report
        self._subscriber = subscriber
        self._health = health

    def publish(self, changes: list[Change]) -> int:
        """Publish each change with the state as it is now. Return the length of the queue."""
        status = self._report.as_json()  # once for all recipients: it counts the queue
        alerts = find_alerts(status, self._health()["checks"])
        events: list[dict[str, Any]] = []
        for change in changes:
            self._subscriber.publish_status(_status_message(status, change, alerts))
            if change.utterance is not None:
                events.append(
                    {
                        "type": "utterance",
                        "event": change.event,
                        "utterance": change.utterance,
                    }
                )
        events.append({"type": "status", "status": status})
        live_events.push_all(live_events.MONITOR_GROUP, events)
        return int(status["queue_size"])


def _status_message(status: dict[str, Any], change: Change, alerts: list[str]) -> bytes:
    # `queued` is for the pages alone: on the wire, an utterance that waits again never goes back.
    utterance = change.utterance if change.event in EVENTS else None
    return status_payload(
        status=status["status"],
        current_text=shorten(status["current_text"], SHOWN_CHARACTERS),
        queue_size=status["queue_size"],
        component=SPEECH_COMPONENT,
        event=change.event,
        utterance=utterance,
        alerts=alerts,
    )
