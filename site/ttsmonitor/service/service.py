"""The speech service: subscriber, queue, speaker and everything told about them, put together."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ttsmonitor import events, inbox
from ttsmonitor.audio.browser import BrowserOutput
from ttsmonitor.audio.outputs import is_for_browsers, make_output
from ttsmonitor.conf import conf
from ttsmonitor.exceptions import TTSMonitorError
from ttsmonitor.history.describing import describe
from ttsmonitor.history.retention import Retention
from ttsmonitor.inbox import Stored
from ttsmonitor.messages import EVENTS, Control, format_time, shorten, status_payload
from ttsmonitor.models import Utterance
from ttsmonitor.service.activity import ActivityHandler
from ttsmonitor.service.commands import Commands
from ttsmonitor.service.health import DatabaseProbe, Health
from ttsmonitor.service.waiting import Waiting
from ttsmonitor.speaker import TOO_OLD, Speaker
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.speaking.journal import BACKLOG, Change, Journal
from ttsmonitor.speaking.progress import Progress
from ttsmonitor.speaking.rendering import render
from ttsmonitor.speaking.wallclock import begin_with_clock
from ttsmonitor.subscriber import COMPONENT, Subscriber
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.synthesizer import Synthesizer
from ttsmonitor.version import VERSION
from ttsmonitor.web.live import open_sockets

logger = logging.getLogger(__name__)

Status = Utterance.Status
SKIPPED_AT_ONCE = 1_000

_current: SpeechService | None = None


def current() -> SpeechService | None:
    """The service that runs in this process; None in any other, such as the hive's."""
    return _current


class SpeechService:
    """start() and stop(); the pages ask status(), health(), activity() and give control()."""

    def __init__(
        self,
        on_failure: Callable[[TTSMonitorError], None] = lambda error: None,
        *,
        processor: int | None = None,
    ) -> None:
        """`on_failure` is called when it cannot go on: stop() it then, on another thread.

        `processor` was set apart for the synthesis.
        """
        self._started_at = datetime.now(UTC)
        self._activity = ActivityHandler()
        self._changing = threading.Lock()
        self._stopping = threading.Event()
        self._is_started = self._is_stopped = False
        self._journal = Journal(self._tell)
        browser = BrowserOutput()
        self.browser = browser if is_for_browsers(conf.TTS_AUDIO) else None
        """Where one can listen to what is said; None where TTS_AUDIO leaves that out."""
        self._output = make_output(
            conf.TTS_AUDIO,
            browser=browser,
            device=conf.TTS_AUDIO_DEVICE,
            preroll_seconds=conf.TTS_PREROLL_MS / 1000,
            wav_dir=conf.path("TTS_WAV_DIR"),
        )
        self._cache = _make_cache()
        self._engine_config = engine_config(processor)
        self._synthesizer = Synthesizer(self._engine_config, cache=self._cache)
        self._progress = Progress(
            in_hand=lambda: self._speaker.playing,
            is_paused=lambda: self._speaker.controls.is_paused,
            viewers=open_sockets,
            tell=lambda news: events.push(events.MONITOR_GROUP, "progress", news),
        )
        self._speaker = Speaker(
            self._synthesizer, self._output, self._journal, self._progress.begun
        )
        self._commands = Commands(self._speaker, self._journal)
        self._retention = Retention()
        self._subscriber = Subscriber(
            foresee=self._speaker.foresee,
            on_stored=self._stored,
            on_gap=self._gap,
            on_control=self._commands.obey,
            on_maker_gone=self._speaker.patience.maker_has_gone,
            health=self.health,
            on_connection=self._journal.state_changed,
            on_rival=on_failure,
        )
        self._database, self._waiting = DatabaseProbe(), Waiting(self._speaker)
        self._health = Health(
            "ttsmonitor.health",
            {
                "broker": lambda: self._subscriber.echo.error,
                "database": self._database_error,
                "synthesis": self._synthesis_error,
                "audio": lambda: self._output.error,
                "queue": lambda: self._thread_error() or self._waiting.error,
            },
            probes=(self._database.look,),
            looks=(self._subscriber.echo.send, self._expire, self._waiting.look),
        )

    def start(self) -> bool:
        """Recover, load the voice, then listen: ready only when it can speak.

        False where stop() came meanwhile, from another thread.
        """
        global _current
        with self._changing:
            if self._stopping.is_set():
                return False
            logging.getLogger("ttsmonitor").addHandler(self._activity)
            self._journal.start()
            begin_with_clock()
            self._journal.record_all(inbox.recover(), Status.INTERRUPTED)
            self._synthesizer.start()
            if self._stopping.is_set():
                return False
            self._progress.start()
            self._speaker.start()
            _current = self
            self._health.start()
            self._subscriber.start()
            self._retention.start()
            self._is_started = True
            return True

    def stop(self) -> None:
        """Stop intake, finish the sentence, say goodbye. Any number of times, from any thread."""
        self._stopping.set()
        if not self._is_started:
            self._synthesizer.stop()  # a voice that is just being loaded is not waited for
        with self._changing:
            if not self._is_stopped:
                self._is_stopped = True
                self._end()

    def _end(self) -> None:
        global _current
        self._health.stop()
        self._retention.stop()
        self._subscriber.stop()
        self._speaker.stop(conf.TTS_DRAIN_SECONDS)
        self._progress.stop()
        self._journal.stop()
        for group in (events.MONITOR_GROUP, events.LISTENERS_GROUP):
            events.push(group, "bye", {})
        self._subscriber.connection.stop()
        self._synthesizer.stop()
        self._output.close()
        logging.getLogger("ttsmonitor").removeHandler(self._activity)
        _current = None

    def status(self) -> dict[str, Any]:
        """The state as JSON: what /api/status answers."""
        now = self._speaker.current
        link = self._subscriber.connection
        return {
            "status": self._speaker.state,
            "current": None if now is None else describe(now),
            "current_text": "" if now is None else now.text,
            "queue_size": Utterance.objects.waiting().count(),
            "volume": self._speaker.controls.volume,
            "muted": self._speaker.controls.is_muted,
            "paused": self._speaker.state == "paused",
            "engine": self._synthesizer.engine,
            "voice": self._synthesizer.engine.partition(" ")[2].removesuffix(", cached"),
            "cache": {"hits": self._cache.hits, "misses": self._cache.misses}
            if self._cache
            else None,
            "output": self._output.name,
            "broker": {
                "connected": link.is_ready,
                "address": link.address,
                "error": link.error,
                "since": _since(link.error_since),
            },
            "started_at": format_time(self._started_at),
            "version": VERSION,
            "timestamp": format_time(datetime.now(UTC)),
        }

    def progress(self) -> dict[str, Any] | None:
        """How far what is being said is, with its words and when they begin; None in silence."""
        return self._progress.whole()

    def health(self) -> dict[str, Any]:
        """Named checks, each with its cause when it fails."""
        report = self._health.report()
        report["checks"]["queue"]["oldest_seconds"] = self._waiting.oldest_seconds
        return report

    def broker_counts(self) -> dict[str, Any]:
        """What the broker counts itself, as JSON."""
        return self._subscriber.broker_counts.report(self._subscriber.connection.error)

    def restart_reason(self) -> str:
        """What only a new process would mend; empty where there is nothing of the kind.

        Not a broker, a database or a sound device that is away, which a new process would miss
        too, and not the voice, whose process is replaced here.
        """
        if self._stopping.is_set():
            return ""
        return self._thread_error() or (self._waiting.error if self._waiting.is_stuck else "")

    def _database_error(self) -> str:
        # What could not be written is tried again all the time, so these are never old news.
        return self._subscriber.error or self._journal.error or self._database.error

    def _synthesis_error(self) -> str:
        voice = self._synthesizer
        return voice.error if voice.is_alive else "the process is not running"

    def _thread_error(self) -> str:
        parts = (self._speaker, self._subscriber, self._journal, self._health)
        return "" if all(part.is_alive for part in parts) else "a thread of the service ended"

    def activity(self) -> list[dict[str, str]]:
        """The newest log lines, oldest first."""
        return self._activity.entries()

    def sound_of(self, utterance: Utterance) -> bytes:
        """It as a WAV file, made now where it is not kept. Raises SynthesisError."""
        return render(utterance, self._engine_config, self._cache, self._stopping.is_set)

    def control(self, control: Control) -> bool:
        """Do what a page's button says; False where it came too late."""
        if control.action == "interrupt":  # first, so that whoever asks afterwards is answered
            self._subscriber.pass_on(control)
        return self._commands.obey(control)

    def _stored(self, stored: list[Stored]) -> None:
        for each in stored:
            if each.is_complete:
                # Also for what came again: the publisher may have missed the first answer.
                self._journal.record(each.utterance, "stored")
            if each.is_settled:
                self._journal.record(each.utterance, each.utterance.status)
        if any(each.became_ready for each in stored):
            self._speaker.wake()  # now, or "playing" might be told before "stored"
        self._journal.wait_for_room()

    def _gap(self, utterance: Utterance) -> None:
        self._journal.record(utterance, Status.QUEUED)
        self._speaker.wake()

    def _tell(self, changes: list[Change]) -> None:
        status = self.status()  # once for all: what waits is counted for it
        news: list[dict[str, Any]] = []
        for change in changes:
            self._subscriber.publish_status(_status_message(status, change))
            if change.utterance is not None:
                event = {"event": change.event, "utterance": change.utterance}
                news.append({"type": "utterance"} | event)
        events.push_all(events.MONITOR_GROUP, [*news, {"type": "status", "status": status}])
        self._keep_bound(status["queue_size"])

    def _expire(self) -> None:
        """Without a sound device nobody takes what waits, so what grows too old is told here."""
        if self._output.error:
            stale = Utterance.objects.stale(conf.TTS_TTL)
            self._journal.record_all(stale.drop(Status.EXPIRED, TOO_OLD), Status.EXPIRED)

    def _keep_bound(self, waiting: int) -> None:
        """No more wait than a setting says. What is skipped is told next, and counted anew then.

        After a burst, since what arrives would wait for it; in one that does not end, too.
        """
        excess = waiting - conf.TTS_QUEUE_LIMIT
        if excess > (BACKLOG if self._journal.is_busy else 0):
            least = Utterance.objects.first_to_go(min(excess, SKIPPED_AT_ONCE), conf.TTS_TTL)
            skipped = least.drop(Status.SKIPPED, "too many were waiting (TTS_QUEUE_LIMIT)")
            self._journal.record_all(skipped, Status.SKIPPED)


def _status_message(status: dict[str, Any], change: Change) -> bytes:
    told = change.utterance if change.event in EVENTS else None
    return status_payload(
        status=status["status"],
        current_text=shorten(status["current_text"], 200),
        queue_size=status["queue_size"],
        component=COMPONENT,
        utterance_id=None if told is None else uuid.UUID(told["id"]),
        event=change.event,
        device_id="" if told is None else told["device_id"],
        error="" if told is None else told["error"],
    )


def _make_cache() -> SoundCache | None:
    if conf.TTS_CACHE_MB <= 0:
        return None
    return SoundCache(conf.path("TTS_CACHE_DIR"), conf.TTS_CACHE_MB * 1_000_000)


def _since(moment: float) -> str:
    return format_time(datetime.fromtimestamp(moment, UTC))
