"""The consumer of the queue: takes the next utterance, has it spoken, records the outcome."""

from __future__ import annotations

import functools
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from itertools import chain

from django.utils import timezone

from ttsmirror.database import tend_connections
from ttsmirror.heartbeat import beat
from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason, reason_columns, reason_of
from ttsmirror.service_thread import ServiceThread
from ttsmonitor.audio.base import Output
from ttsmonitor.audio.playback import CancelledError, Controls, Playback
from ttsmonitor.audio.tone import make_test_tone
from ttsmonitor.conf import conf
from ttsmonitor.exceptions import AudioError
from ttsmonitor.speaking import streaming
from ttsmonitor.speaking.performance import Outcome, Performance
from ttsmonitor.speaking.pieces import pieces_of
from ttsmonitor.speaking.recorder import Recorder
from ttsmonitor.speaking.translation import Translation, Translator, is_wanted
from ttsmonitor.speaking.turn import Turn, TurnClock
from ttsmonitor.speaking.voice_choice import VoiceKeeper
from ttsmonitor.speaking.wall_clock import follow_clock
from ttsmonitor.speaking.wording import Wording, wordings
from ttsmonitor.synthesis.synthesizer import Synthesizer

logger = logging.getLogger(__name__)

Status = Utterance.Status
IDLE_SECONDS = 1.0
RETRY_SECONDS = 2.0
MAINTENANCE_SECONDS = 5.0
JOIN_SECONDS = 0.1
PAUSED = Reason("speech is paused")
MUTED = Reason("the speech is muted, or its volume is 0")
TOO_OLD = Reason("too old to be spoken when its turn came")
NOTHING_TO_SAY = Outcome(Status.SKIPPED, Reason("the text has nothing to speak"))
STOPPED = Outcome(Status.INTERRUPTED, Reason("the service was stopped"))


class Speaker(ServiceThread):
    """A thread that speaks one utterance at a time.

    All methods but the constructor may be called from any thread. Only `stop()` waits.
    """

    def __init__(
        self,
        synthesizer: Synthesizer,
        output: Output,
        recorder: Recorder,
        on_begin: Callable[[], None] = lambda: None,
    ) -> None:
        """Call `on_begin` when the first sound of an utterance was given to the output."""
        super().__init__("ttsmonitor.speaker")
        self.controls = Controls()
        self.patience = streaming.Patience()
        self.voices = VoiceKeeper(synthesizer)
        self.translator = Translator()
        self._synthesizer = synthesizer
        self._output = output
        self._recorder = recorder
        self._on_begin = on_begin
        self._state = "idle"
        self._performance: Performance | None = None
        self._requeued: uuid.UUID | None = None
        self._turns = TurnClock()
        self._maintenance_due = 0.0
        self._tones: deque[Future[str]] = deque()
        self._wake = threading.Event()
        self._wake.set()

    @property
    def state(self) -> str:
        """`idle`, `synthesizing`, `playing` or `paused`."""
        return "paused" if self.controls.is_paused else self._state

    @property
    def performance(self) -> Performance | None:
        """The utterance that is being spoken."""
        return self._performance

    def wake(self) -> None:
        """Look at the queue: something may be waiting."""
        self._wake.set()

    def prefetch(self, utterance: Utterance) -> None:
        """Begin synthesizing an utterance that is about to enter the queue, if nobody speaks."""
        if self.state != "idle" and not conf.TTS_TRANSLATE:
            return  # nothing would use its words, and the caller is storing a message
        try:
            # Settings as of the last maintenance. If one changed since, the request differs and
            # the sound is made anew.
            words = wordings(utterance, pieces_of(utterance), self.voices.settings)
            if (first := next(words, None)) is None:
                return
            if is_wanted(first.written_lang):
                self.translator.prepare(utterance.text, first.written_lang)
            elif self.state == "idle":
                self._synthesizer.prefetch(first.request)
        except Exception:  # the caller is about to store the utterance
            logger.exception("prefetch failed for %s", utterance.pk)

    def finish(self, drain_seconds: float) -> None:
        """Finish the sentence, for at most `drain_seconds`, then end the thread."""
        self.stopping.set()
        self.wake()
        if self._is_heard:
            logger.info("finishing the sentence, for at most %d s", round(drain_seconds))
            until = time.monotonic() + drain_seconds
            while self._is_heard and (left := until - time.monotonic()) > 0:
                self.join(min(left, JOIN_SECONDS))
        self.cancel_current(STOPPED)
        self.controls.resumed.set()
        self.stop()

    @property
    def _is_heard(self) -> bool:
        performance = self._performance
        return performance is not None and performance.is_audible and not self.controls.is_paused

    def cancel_current(
        self, outcome: Outcome, *, device_id: str = "", only: uuid.UUID | None = None
    ) -> bool:
        """Silence the utterance being spoken and return True.

        Return False where nothing is spoken, or not for `device_id`, or another one than `only`.
        """
        performance = self._performance
        if performance is None or device_id not in ("", performance.utterance.device_id):
            return False
        if only not in (None, performance.utterance.pk):
            return False
        performance.cancel(outcome)
        self._wake.set()  # it may be waiting for the rest of a streaming utterance
        return True

    def pause(self) -> None:
        """Hold the sound where it is."""
        self.controls.resumed.clear()
        self._recorder.state_changed()

    def resume(self) -> None:
        """Go on after `pause()`."""
        self._turns.was_busy()
        self.controls.resumed.set()
        self._wake.set()
        self._recorder.state_changed()

    def maintain_soon(self) -> None:
        """Look after device and voices as soon as nothing is spoken: another was chosen."""
        self._maintenance_due = 0.0
        self._wake.set()

    def play_test_tone(self) -> Future[str]:
        """Play the test tone as soon as nothing is spoken.

        The result is the reason why it could not be played; empty if it was.
        """
        tone: Future[str] = Future()
        self._tones.append(tone)
        self.maintain_soon()
        return tone

    def work(self) -> None:
        """Speak what waits, then look after device and voices."""
        self._wake.wait(IDLE_SECONDS)
        self._wake.clear()
        while self._process_next():
            beat()
        while self._tones:
            tone = self._tones.popleft()
            tone.set_result(self._play_tone())
        self._maintain()

    def _play_tone(self) -> str:
        """Play the test tone; return why it could not be played."""
        if self.controls.is_paused:
            return PAUSED
        if not self.controls.gain:
            return MUTED
        playback = Playback(self._output, self.controls, "test-tone", lambda: None)
        try:
            self._output.open()
            playback.play(make_test_tone())
            playback.finish()
        except AudioError as exc:
            playback.silence()
            return reason_of(exc)
        finally:
            self._recorder.state_changed()
        return ""

    def _maintain(self) -> None:
        """Reopen a lost sound device and reload voices, so that the next sentence finds them."""
        if time.monotonic() < self._maintenance_due:
            return
        self._maintenance_due = time.monotonic() + MAINTENANCE_SECONDS
        before = self._maintained()
        with suppress(AudioError):
            self._output.open()
        self.voices.reload_voices()
        if before != self._maintained():
            self._recorder.state_changed()

    def _maintained(self) -> tuple[object, ...]:
        """Return what _maintain() may change and pages show."""
        voices = self.voices
        return self._output.name, self._output.error, voices.next_voice, voices.is_voice_missing

    def _process_next(self) -> bool:
        """Expire or speak the next utterance; return False where there is none to speak now."""
        if self.stopping.is_set() or self.controls.is_paused:
            return False
        tend_connections()
        follow_clock()
        utterance = Utterance.objects.speakable_now().first()
        # A pause may have come while the database was read.
        if utterance is None or self.controls.is_paused:
            self._turns.found_nothing()
            return False
        query = Utterance.objects.filter(pk=utterance.pk)
        if utterance.is_stale(conf.TTS_TTL):
            expired = query.filter(status=Status.QUEUED).drop(Status.EXPIRED, TOO_OLD)
            self._recorder.tell_all(expired, Status.EXPIRED)
        elif not self._output_is_open():
            self._turns.was_busy()
            return False
        else:
            # Set before the row is claimed, so that an interrupt cannot fall in between.
            self._performance = self._prepare(utterance, self._turns.take(utterance))
            try:
                if query.move(Status.QUEUED, Status.PLAYING):
                    self._speak(self._performance)
            finally:
                self._performance = None
                self._set_state("idle")
                self._turns.was_busy()
        return True

    def _output_is_open(self) -> bool:
        """Open the output. While it cannot be opened, what waits stays in the queue."""
        try:
            self._output.open()
        except AudioError:
            self.stopping.wait(RETRY_SECONDS)
            self._recorder.state_changed()
            self._wake.set()
            return False
        return True

    def _prepare(self, utterance: Utterance, turn: Turn) -> Performance:
        playback = Playback(
            self._output,
            self.controls,
            str(utterance.pk),
            lambda: self._record_begin(utterance, turn),
            on_away=lambda is_away: self._set_state("synthesizing" if is_away else "playing"),
            patience_seconds=utterance.seconds_to_live(conf.TTS_TTL),
        )
        return Performance(utterance, playback, self._synthesizer)

    def _speak(self, performance: Performance) -> None:
        utterance, playback = performance.utterance, performance.playback
        try:
            words = self._wordings(performance)
            if words is None:
                self._record_end(utterance, NOTHING_TO_SAY)
                return
            self._set_state("synthesizing")
            self._output.wake()
            outcome = performance.perform(words)
        except CancelledError:  # while it waited for a translation
            outcome = performance.cancelled_with
        except AudioError as exc:
            if self._requeue(performance):
                return
            is_cancelled = playback.is_cancelled
            failed = Outcome(Status.FAILED, reason_of(exc))
            outcome = performance.cancelled_with if is_cancelled else failed
        except Exception as exc:
            logger.exception("utterance %s failed with an unexpected error", utterance.pk)
            outcome = Outcome(Status.FAILED, repr(exc))
        if outcome.status != Status.SPOKEN:
            playback.silence()
        self._performance = None
        self._set_state("idle")
        if performance.translation is not None:
            utterance.translation = performance.translation.text
        self._record_end(utterance, outcome, playback.seconds)
        if outcome.status == Status.FAILED and not self.stopping.is_set():
            self._synthesizer.ensure_started()  # now, so that the next utterance need not wait

    def _wordings(self, performance: Performance) -> Iterator[Wording] | None:
        """Return what is to be said; None where there is nothing, nor will be."""
        utterance = performance.utterance
        translation = Translation(self.translator, performance.playback.check_cancelled)
        performance.translation = translation
        if utterance.is_streaming:
            wait = functools.partial(self._wait_for_more, performance)
            pieces = streaming.pieces_as_they_come(utterance, wait, self.patience)
            return _noting(utterance, wordings(utterance, pieces, None, translation))
        words = _noting(utterance, wordings(utterance, pieces_of(utterance), None, translation))
        first = next(words, None)
        return None if first is None else chain([first], words)

    def _requeue(self, performance: Performance) -> bool:
        """Put an utterance back whose device was lost before its first sound; True if it waits.

        Once for each utterance: a device may exist and still take no sound of that kind.
        """
        utterance, playback = performance.utterance, performance.playback
        if playback.was_heard or not self._output.error or self._requeued == utterance.pk:
            return False
        self._requeued = utterance.pk
        playback.silence()
        query = Utterance.objects.filter(pk=utterance.pk)
        query.move(Status.PLAYING, Status.QUEUED)
        # A control that comes from now on finds it in the queue; one that came before is here.
        if playback.is_cancelled and query.move(Status.QUEUED, Status.PLAYING):
            return False
        logger.warning("utterance %s waits for the sound device", utterance.pk)
        utterance.status = Status.QUEUED
        self._recorder.record(
            utterance, Status.QUEUED, started_at=None, waiting_ms=None, first_audio_ms=None
        )
        return True

    def _wait_for_more(self, performance: Performance) -> None:
        """Wait until more of it may have come. Raises CancelledError where it is to end."""
        beat()
        if self.stopping.is_set():
            performance.cancel(STOPPED)
            raise CancelledError
        self._wake.wait(IDLE_SECONDS)
        self._wake.clear()
        performance.playback.check_cancelled()

    def _record_begin(self, utterance: Utterance, turn: Turn) -> None:
        now = timezone.now()
        first_audio_ms = (time.monotonic() - turn.since) * 1000
        self._set_state("playing")
        self._on_begin()
        utterance.status = Status.PLAYING  # as its row is already
        self._recorder.record(
            utterance,
            Status.PLAYING,
            started_at=now,
            waiting_ms=round(turn.waiting_seconds * 1000, 1),
            first_audio_ms=round(first_audio_ms, 1),
            engine=self._synthesizer.engine,
            lang=utterance.lang,
        )

    def _record_end(self, utterance: Utterance, outcome: Outcome, seconds: float = 0.0) -> None:
        self._recorder.record(
            utterance,
            outcome.status,
            status=outcome.status,
            **reason_columns(outcome.reason),
            finished_at=timezone.now(),
            audio_seconds=round(seconds, 3),
            engine=self._synthesizer.engine if seconds else "",
            lang=utterance.lang,
            translation=utterance.translation,
        )
        is_expected = outcome.status in (Status.SPOKEN, Status.SKIPPED)
        logger.log(
            logging.INFO if is_expected else logging.WARNING,
            "%s %s (%s): %s",
            Reason(outcome.status.value),
            utterance.pk,
            outcome.reason or Reason("{seconds} s", seconds=round(seconds, 1)),
            utterance,
        )

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self._recorder.state_changed()


def _noting(utterance: Utterance, words: Iterator[Wording]) -> Iterator[Wording]:
    """Pass `words` on, and note in `utterance` the language in which it is written."""
    for wording in words:
        utterance.lang = wording.written_lang
        yield wording
