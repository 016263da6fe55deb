"""The speech service: intake, queue, speaker and their surroundings, composed and controlled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

from django.utils.translation import gettext_noop

from ttsmirror.exceptions import MoxieTTSError
from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason
from ttsmirror.wire.control import Control
from ttsmonitor import live_events
from ttsmonitor.audio.base import NO_AUDIENCE
from ttsmonitor.audio.browser import BrowserOutput
from ttsmonitor.audio.device_choice import DeviceChoice
from ttsmonitor.audio.outputs import is_for_browsers, make_output
from ttsmonitor.backup.nightly import NightlyBackup
from ttsmonitor.conf import conf
from ttsmonitor.history.retention import Retention
from ttsmonitor.intake import inbox
from ttsmonitor.intake.inbox import Stored
from ttsmonitor.intake.subscriber import Subscriber
from ttsmonitor.integrations.home_assistant.bridge import HomeAssistant, clear_announcement
from ttsmonitor.integrations.metrics.speech import SpeechMetrics
from ttsmonitor.service import voice_installs
from ttsmonitor.service.activity import ActivityHandler
from ttsmonitor.service.control import ControlExecutor
from ttsmonitor.service.health import DatabaseProbe, Health, HealthCheck, Lamp
from ttsmonitor.service.queue_limit import QueueLimit
from ttsmonitor.service.queue_watchdog import QueueWatchdog
from ttsmonitor.service.sound import follow_sound_setting
from ttsmonitor.service.status import StatusPublisher, StatusReport
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.speaking.progress import Progress
from ttsmonitor.speaking.recognition import detector
from ttsmonitor.speaking.recorder import Change, Recorder
from ttsmonitor.speaking.rendering import render
from ttsmonitor.speaking.speaker import Speaker
from ttsmonitor.speaking.wall_clock import begin_with_clock
from ttsmonitor.synthesis.base import Block, SpeechRequest
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.synthesizer import Synthesizer
from ttsmonitor.system.watchdog import find_faults
from ttsmonitor.web.live_consumer import open_sockets

logger = logging.getLogger(__name__)

Status = Utterance.Status
LOGGERS = ("ttsmirror", "ttsmonitor")
"""Loggers whose lines the monitor shows as activity."""

LAMPS = (
    Lamp("broker", "hdd-network-fill", gettext_noop("Broker"), "broker.address"),
    Lamp("synthesis", "soundwave", gettext_noop("Voice"), "next_voice"),
    Lamp("audio", "speaker-fill", gettext_noop("Sound device"), "output"),
    Lamp("queue", "list-check", gettext_noop("Queue")),
    Lamp("database", "database-fill", gettext_noop("History")),
)
"""The lamps of the checks in SpeechService._compose_health(), in the order of the page."""

CONNECT_SECONDS = 0.5
"""Seconds that the first sentence waits for the broker."""

_current: SpeechService | None = None


def current() -> SpeechService | None:
    """Return the service of this process; None in any other, such as the hive's."""
    return _current


class SpeechService:
    """The parts of the speech service, started and stopped in order.

    The pages ask it for status, health and activity, and give it controls.
    """

    def __init__(self, on_failure: Callable[[MoxieTTSError], None] = lambda error: None) -> None:
        """Compose the parts; nothing runs yet.

        `on_failure` is called when the service cannot go on: stop it then, from another thread.
        """
        self._activity = ActivityHandler()
        self._changing = threading.Lock()
        self._stopping = threading.Event()
        self._is_started = self._is_stopped = False
        self._recorder = Recorder(lambda changes: self._publish(changes))
        browser = BrowserOutput()
        self.browser = browser if is_for_browsers(conf.TTS_AUDIO) else None
        """The output that browsers listen to; None if TTS_AUDIO leaves it out."""
        self._device = DeviceChoice(conf.TTS_AUDIO_DEVICE, conf.TTS_PREROLL_MS / 1000)
        self._output = make_output(
            conf.TTS_AUDIO,
            browser=browser,
            device=self._device,
            wav_dir=conf.path("TTS_WAV_DIR"),
        )
        self._cache = _make_cache()
        self._engine_config = engine_config()
        self._synthesizer = Synthesizer(self._engine_config, cache=self._cache)
        self._progress = Progress(
            performance=lambda: self._speaker.performance,
            is_paused=lambda: self._speaker.controls.is_paused,
            viewers=open_sockets,
            tell=lambda news: live_events.push(live_events.MONITOR_GROUP, "progress", news),
        )
        self._speaker = Speaker(
            self._synthesizer, self._output, self._recorder, self._progress.wake
        )
        self._control_executor = ControlExecutor(self._speaker, self._recorder)
        self._retention, self._backup = Retention(), NightlyBackup()
        self._subscriber = Subscriber(
            prefetch=self._speaker.prefetch,
            on_stored=self._stored,
            on_gap=self._gap,
            on_control=self._control_executor.execute,
            on_hive_offline=self._speaker.patience.note_hive_offline,
            health=self.health,
            on_connection=self._recorder.state_changed,
            on_duplicate=on_failure,
        )
        self._report = StatusReport(
            self._speaker,
            self._synthesizer,
            self._output,
            self._cache,
            self._subscriber.connection,
        )
        self._limit = QueueLimit(self._output, self._recorder)
        self._database, self._watchdog = DatabaseProbe(), QueueWatchdog(self._speaker)
        self._health = self._compose_health()
        self._home_assistant = self._make_home_assistant()
        self.metrics = SpeechMetrics(
            speaker=self._speaker,
            synthesizer=self._synthesizer,
            output=self._output,
            cache=self._cache,
            subscriber=self._subscriber,
            health=self.health,
        )
        """The metrics for Prometheus."""
        self._publisher = StatusPublisher(self._report, self._subscriber, self._health.report)

    def _compose_health(self) -> Health:
        loopback, database = self._subscriber.loopback, self._database
        return Health(
            "ttsmonitor.health",
            [
                HealthCheck("broker", lambda: loopback.error, loopback.send),
                HealthCheck("database", self._database_error, database.look, is_frequent=True),
                HealthCheck("synthesis", self._synthesis_error),
                HealthCheck("audio", self._audio_error),
                HealthCheck("queue", self._queue_error, self._probe_queue),
                *(
                    [HealthCheck("translation", self._translation_error)]
                    if conf.TTS_TRANSLATE
                    else []
                ),
            ],
            on_change=self._recorder.state_changed,
        )

    def _make_home_assistant(self) -> HomeAssistant | None:
        if not conf.HA_DISCOVERY:
            return None
        return HomeAssistant(
            self.status,
            on_control=self._control_executor.execute,
            on_voice=self.look_after_voices,
            is_connected=lambda: self._subscriber.connection.is_ready,
        )

    def start(self) -> bool:
        """Recover, load the voice, then subscribe: it listens only once it can speak.

        Return False if `stop()` was called meanwhile, from another thread.
        """
        global _current
        with self._changing:
            if self._stopping.is_set():
                return False
            for name in LOGGERS:
                logging.getLogger(name).addHandler(self._activity)
            self._recorder.start()
            begin_with_clock()
            follow_sound_setting(self._device)
            voice_installs.clean_up()
            self._recorder.tell_all(inbox.recover(), Status.INTERRUPTED)
            # Beside the voice, which takes longer; a text that comes early waits for it.
            loading = threading.Thread(target=detector().load, name="ttsmonitor.language")
            loading.start()
            self._synthesizer.start()
            if self._stopping.is_set():
                return False
            _current = self
            self._subscriber.start()
            if self._home_assistant is None:
                clear_announcement(self._subscriber.connection)
            else:
                self._home_assistant.start()
            # So that the first events reach those who follow them; without a broker it goes on.
            self._subscriber.connection.wait_ready(CONNECT_SECONDS)
            self._progress.start()
            self._speaker.start()
            self._health.start()
            self._retention.start()
            self._backup.start()
            self._is_started = True
            return True

    def stop(self) -> None:
        """Stop intake, finish the sentence, disconnect. Idempotent, from any thread."""
        self._stopping.set()
        if not self._is_started:
            self._synthesizer.stop()  # do not wait for a voice that is being loaded
        with self._changing:
            if not self._is_stopped:
                self._is_stopped = True
                self._stop_parts()

    def _stop_parts(self) -> None:
        global _current
        self._health.stop()
        self._retention.stop()
        self._backup.stop()
        self._subscriber.stop()
        self._speaker.finish(conf.TTS_DRAIN_SECONDS)
        self._speaker.translator.stop()
        self._progress.stop()
        self._recorder.stop()
        if self._home_assistant is not None:
            self._home_assistant.stop()
        for group in (live_events.MONITOR_GROUP, live_events.LISTENERS_GROUP):
            live_events.push(group, "bye", {})
        self._subscriber.connection.stop()
        voice_installs.installer.stop()
        self._synthesizer.stop()
        self._output.close()
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(self._activity)
        _current = None

    def status(self) -> dict[str, Any]:
        """Return the state as JSON, as in /api/status."""
        return self._report.as_json()

    def progress(self) -> dict[str, Any] | None:
        """Return how far the current utterance has been heard; None in silence."""
        return self._progress.whole()

    def health(self) -> dict[str, Any]:
        """Return the named checks, each with its cause if it fails."""
        report = self._health.report()
        report["checks"]["queue"]["oldest_seconds"] = self._watchdog.oldest_seconds
        report["clocks"] = self._subscriber.clocks.offsets
        return report

    def broker_counts(self) -> dict[str, Any]:
        """Return the broker's own $SYS counts as JSON."""
        return self._subscriber.broker_counts.report(self._subscriber.connection.error)

    def is_online(self, component: str) -> bool:
        """Return True if this component is at the broker: the hive, or an OpenMoxie."""
        return self._subscriber.is_online(component)

    def restart_reason(self) -> str:
        """Return a failure that only a restart would fix, or an empty string.

        A missing broker, database or sound device is none: a new process would miss it too. A
        broken voice is none: its process is replaced here.
        """
        if self._stopping.is_set():
            return ""
        # Threads that wait for a database that hangs would do so in a new process, too.
        return "" if self._database.error else self._thread_error()

    def save(self) -> None:
        """Write down what has happened so far: the process is about to end."""
        self._recorder.stop()

    def activity(self) -> list[dict[str, Any]]:
        """Return the newest log lines, oldest first."""
        return self._activity.entries()

    def follow_sound_setting(self) -> None:
        """Play on the device that is chosen now, from the next sentence on."""
        follow_sound_setting(self._device)
        self._speaker.maintain_soon()

    def look_after_voices(self) -> None:
        """Load the voices that are chosen now, and show which one speaks next."""
        self._speaker.maintain_soon()

    def play_test_tone(self) -> Future[str]:
        """Have the test tone played. The result is why it could not be; empty if it was."""
        return self._speaker.play_test_tone()

    def sound_of(self, utterance: Utterance) -> bytes:
        """Return an utterance as a WAV file, made now unless cached. Raises SynthesisError."""
        return render(utterance, self._engine_config, self._cache, self._stopping.is_set)

    def speak_in_background(
        self, request: SpeechRequest, is_wanted: Callable[[], bool]
    ) -> Iterator[Block]:
        """Yield sound for another program; the queue's speech goes first. Raises SynthesisError."""
        return self._synthesizer.background.speak(request, is_wanted)

    def tell_of(self, utterance: Utterance) -> None:
        """Tell pages and broker of an utterance that is in the history with its outcome."""
        self._recorder.tell(utterance, utterance.status)

    def control(self, control: Control) -> bool:
        """Execute a control from a page; False if its utterance is gone."""
        if control.action == "interrupt":  # first, so that the hive stops generating the answer
            self._subscriber.pass_on(control)
        return self._control_executor.execute(control)

    def _database_error(self) -> str:
        # Failed writes are retried all the time, so these errors are always current.
        return self._subscriber.error or self._recorder.error or self._database.error

    def _synthesis_error(self) -> str:
        voice = self._synthesizer
        if not voice.is_alive:
            return Reason("the process is not running")
        return voice.error or voice.warning

    def _audio_error(self) -> str:
        return self._output.error or ("" if self._output.has_audience else NO_AUDIENCE)

    def _translation_error(self) -> str:
        return self._speaker.translator.error

    def _queue_error(self) -> str:
        return self._thread_error() or self._watchdog.error

    def _probe_queue(self) -> None:
        self._limit.expire_unheard()
        self._watchdog.look()

    def _thread_error(self) -> str:
        if not self._is_started:
            return ""
        parts = (self._speaker, self._progress, self._recorder, self._health, self._retention)
        connected = [] if self._home_assistant is None else self._home_assistant.parts
        return find_faults([*parts, *self._subscriber.parts, *connected])

    def _publish(self, changes: list[Change]) -> None:
        if self._home_assistant is not None:
            self._home_assistant.tell(changes)
        self.metrics.count(changes)
        waiting = self._publisher.publish(changes)
        self._limit.enforce(waiting)

    def _stored(self, stored: list[Stored]) -> None:
        for each in stored:
            if each.is_complete:
                # Repeated messages too: the publisher may have missed the first confirmation.
                self._recorder.tell(each.utterance, "stored")
            if each.is_settled:
                self._recorder.tell(each.utterance, each.utterance.status)
        if any(each.became_ready for each in stored):
            self._speaker.wake()  # after the records, so that "stored" precedes "playing"
        self._recorder.wait_for_room()

    def _gap(self, utterance: Utterance) -> None:
        self._recorder.tell(utterance, Status.QUEUED)
        self._speaker.wake()


def _make_cache() -> SoundCache | None:
    if conf.TTS_CACHE_MB <= 0:
        return None
    return SoundCache(conf.path("TTS_CACHE_DIR"), conf.TTS_CACHE_MB * 1_000_000)
