"""The metrics of the speech service."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from prometheus_client import Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import Metric, SummaryMetricFamily

from ttsmirror.models import Utterance
from ttsmirror.publishing.mirror import get_tts_mirror
from ttsmonitor.audio.base import Output
from ttsmonitor.intake.subscriber import Subscriber
from ttsmonitor.integrations.metrics.registry import (
    about_checks,
    about_connection,
    about_outbox,
    counter,
    gauge,
    labelled_counter,
    labelled_gauge,
    make_registry,
)
from ttsmonitor.models import QuarantinedMessage
from ttsmonitor.speaking.recorder import Change
from ttsmonitor.speaking.speaker import Speaker
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.synthesizer import Synthesizer
from ttsmonitor.synthesis.voice import CACHED
from ttsmonitor.web.labels import SOURCES, SPEAKER_STATES

Status = Utterance.Status

FIRST_SOUND_SECONDS = (0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5)
WAITING_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)
OUTCOMES = tuple(each.value for each in Status if each not in Utterance.UNFINISHED)
OTHER_SOURCE = "other"
"""The label of every source that is not ours: anybody may invent one, and each is a series."""
BROKER_COUNTERS = {
    "messages_received": "Messages that the broker has received.",
    "messages_sent": "Messages that the broker has sent.",
    "messages_dropped": "Messages that the broker has dropped.",
    "bytes_received": "Bytes that the broker has received.",
    "bytes_sent": "Bytes that the broker has sent.",
}
BROKER_GAUGES = {
    "clients": "Clients connected to the broker.",
    "retained": "Messages that the broker retains.",
    "uptime_seconds": "Time since the broker's start.",
}


class SpeechMetrics:
    """Counts events of utterances, and reads everything else from the parts that know it."""

    def __init__(
        self,
        *,
        speaker: Speaker,
        synthesizer: Synthesizer,
        output: Output,
        cache: SoundCache | None,
        subscriber: Subscriber,
        health: Callable[[], dict[str, Any]],
    ) -> None:
        """Read from these parts; nothing is read yet."""
        self._speaker = speaker
        self._synthesizer = synthesizer
        self._output = output
        self._cache = cache
        self._subscriber = subscriber
        self._health = health
        self.registry = registry = make_registry(
            self._about_service,
            self._about_speaker,
            self._about_synthesis,
            self._about_translation,
            self._about_broker,
            self._about_database,
        )
        ProcessCollector("moxie_synthesis", lambda: synthesizer.pid or "none", registry=registry)
        self._first_sound = Histogram(
            "moxie_first_sound_seconds",
            "From a sentence's turn to its first sound.",
            ["cached"],
            buckets=FIRST_SOUND_SECONDS,
            registry=registry,
        )
        self._waiting = Histogram(
            "moxie_waiting_seconds",
            "From a sentence's arrival to its turn.",
            buckets=WAITING_SECONDS,
            registry=registry,
        )
        self._sound = Counter("moxie_sound_seconds_total", "Sound played.", registry=registry)
        self._last_spoken = Gauge(
            "moxie_last_spoken_timestamp_seconds",
            "When a sentence was last spoken to its end; 0: not since the start.",
            registry=registry,
        )
        self._outcomes = Counter(
            "moxie_sentences_total",
            "Sentences that have ended, by outcome and source.",
            ["outcome", "source"],
            registry=registry,
        )
        for cached in ("false", "true"):
            self._first_sound.labels(cached)
        for outcome in OUTCOMES:  # from 0, or the first one would be no increase
            for source in (*SOURCES, OTHER_SOURCE):
                self._outcomes.labels(outcome, source)

    def count(self, changes: Iterable[Change]) -> None:
        """Count these events. It belongs to the recorder's thread: nobody's sound waits for it."""
        for change in changes:
            if change.utterance is None:
                continue
            if change.event == Status.PLAYING:
                self._count_begin(change.utterance)
            elif change.event in OUTCOMES:
                self._count_end(change.event, change.utterance)

    def _count_begin(self, utterance: dict[str, Any]) -> None:
        is_cached = utterance["engine"].endswith(CACHED)
        self._first_sound.labels(str(is_cached).lower()).observe(utterance["first_audio_ms"] / 1000)
        self._waiting.observe(utterance["waiting_ms"] / 1000)

    def _count_end(self, outcome: str, utterance: dict[str, Any]) -> None:
        source = utterance["source"]
        self._outcomes.labels(outcome, source if source in SOURCES else OTHER_SOURCE).inc()
        self._sound.inc(utterance["audio_seconds"] or 0)
        if outcome == Status.SPOKEN:
            self._last_spoken.set(time.time())

    def _about_service(self) -> Iterable[Metric]:
        health, subscriber = self._health(), self._subscriber
        yield about_checks(health)
        yield gauge(
            "moxie_queue_oldest_seconds",
            "Age of the oldest waiting sentence; 0: none waits.",
            health["checks"]["queue"].get("oldest_seconds") or 0,
        )
        yield from about_connection(
            subscriber.connection.is_ready, subscriber.connection.reconnects
        )
        yield counter(
            "moxie_messages_received_total", "Messages with text received.", subscriber.received
        )
        yield counter(
            "moxie_messages_dropped_total", "Messages dropped unread.", subscriber.dropped
        )
        yield from about_outbox(get_tts_mirror().state)

    def _about_speaker(self) -> Iterable[Metric]:
        state, controls = self._speaker.state, self._speaker.controls
        yield labelled_gauge(
            "moxie_state",
            "1 for the state that the speech service is in, else 0.",
            "state",
            {each: float(each == state) for each in SPEAKER_STATES if each != "offline"},
        )
        yield gauge("moxie_muted", "1 while the speech is muted, else 0.", controls.is_muted)
        yield gauge("moxie_volume_ratio", "Volume, from 0 to 1.", controls.volume)
        yield gauge(
            "moxie_audience", "1 if an output can be heard, else 0.", self._output.has_audience
        )

    def _about_synthesis(self) -> Iterable[Metric]:
        synthesizer, cache = self._synthesizer, self._cache
        yield gauge(
            "moxie_synthesis_up", "1 while the synthesis process runs.", synthesizer.is_alive
        )
        yield counter(
            "moxie_synthesis_restarts_total",
            "Synthesis processes started after the first one.",
            synthesizer.restarts,
        )
        if synthesizer.slowness:  # else not measured yet
            yield gauge(
                "moxie_synthesis_real_time_ratio",
                "Time to make a second of sound, in seconds; over 1 there are gaps.",
                synthesizer.slowness,
            )
        if cache is not None:
            yield labelled_counter(
                "moxie_cache_requests_total",
                "Sounds looked for in the cache, by result.",
                "result",
                {"hit": cache.hits, "miss": cache.misses},
            )

    def _about_translation(self) -> Iterable[Metric]:
        counts = self._speaker.translator.counts
        yield labelled_counter(
            "moxie_translations_total",
            "Sentences to be translated, by result.",
            "result",
            {"done": counts.done, "failed": counts.failed},
        )
        yield SummaryMetricFamily(
            "moxie_translation_seconds",
            "Time of a request to the translation engine.",
            count_value=counts.requests,
            sum_value=counts.seconds,
        )

    def _about_broker(self) -> Iterable[Metric]:
        """Read the broker's own counts, if it publishes them on $SYS."""
        counts = self._subscriber.broker_counts.report(self._subscriber.connection.error)
        if not counts["available"]:
            return
        for name, about in BROKER_COUNTERS.items():
            if counts[name] is not None:
                yield counter(f"moxie_broker_{name}_total", about, counts[name])
        for name, about in BROKER_GAUGES.items():
            if counts[name] is not None:
                yield gauge(f"moxie_broker_{name}", about, counts[name])

    def _about_database(self) -> Iterable[Metric]:
        yield gauge(
            "moxie_queue_sentences",
            "Sentences that wait to be spoken.",
            Utterance.objects.waiting().count(),
        )
        yield gauge(
            "moxie_quarantined_messages",
            "Messages in quarantine.",
            QuarantinedMessage.objects.count(),
        )
        if (size := _database_bytes()) is not None:
            yield gauge("moxie_database_bytes", "Size of the SQLite database.", size)


def _database_bytes() -> int | None:
    """Return the size of SQLite's file and its log; None for another database."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "sqlite":
        return None
    file = str(connection.settings_dict["NAME"])
    return sum(path.stat().st_size for path in (Path(file), Path(f"{file}-wal")) if path.exists())
