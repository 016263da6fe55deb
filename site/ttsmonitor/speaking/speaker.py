"""The queue's other end: takes the next utterance, has it synthesized, plays it, can be stopped."""

from __future__ import annotations

import functools
import logging
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from django.db import OperationalError
from django.utils import timezone

from ttsmirror.database import tend_connections, with_connections
from ttsmirror.models import Utterance
from ttsmirror.text import speakable
from ttsmonitor.audio.base import Output
from ttsmonitor.audio.playback import CancelledError, Controls, Playback
from ttsmonitor.conf import conf
from ttsmonitor.exceptions import AudioError, SynthesisError
from ttsmonitor.speaking import streaming
from ttsmonitor.speaking.coalescing import Breathing
from ttsmonitor.speaking.recorder import Recorder
from ttsmonitor.speaking.voice_choice import VoiceKeeper, request_for
from ttsmonitor.speaking.wall_clock import follow_clock
from ttsmonitor.synthesis.synthesizer import Synthesizer

logger = logging.getLogger(__name__)

Status = Utterance.Status
IDLE_SECONDS = 1.0
RETRY_SECONDS = 2.0
LOOK_SECONDS = 5.0
ATTENTION_SECONDS = 0.1
TOO_OLD = "too old to be spoken when its turn came"


@dataclass
class _InHand:
    """The utterance in hand, and how it is to end if before its time."""

    utterance: Utterance
    playback: Playback
    outcome: Status = Status.INTERRUPTED
    reason: str = ""


class Speaker:
    """One voice at a time. The controls may be called from any thread and return at once."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        output: Output,
        journal: Recorder,
        on_begin: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_begin` is called when the first of an utterance was given to the output."""
        self.controls = Controls()
        self.patience = streaming.Patience()
        self._synthesizer = synthesizer
        self._output = output
        self._journal = journal
        self._on_begin = on_begin
        self._state = "idle"
        self._in_hand: _InHand | None = None
        self._put_back_once: uuid.UUID | None = None
        self._next_look = 0.0
        self._breathing = Breathing()
        self.voices = VoiceKeeper(synthesizer)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=with_connections(self._run), name="ttsmonitor.speaker"
        )

    @property
    def state(self) -> str:
        """`idle`, `synthesizing`, `playing` or `paused`."""
        return "paused" if self.controls.is_paused else self._state

    @property
    def current(self) -> Utterance | None:
        in_hand = self._in_hand
        return None if in_hand is None else in_hand.utterance

    @property
    def progress(self) -> tuple[uuid.UUID, float] | None:
        """What is spoken now, and how many seconds of it."""
        in_hand = self._in_hand
        return None if in_hand is None else (in_hand.utterance.pk, in_hand.playback.seconds)

    @property
    def playing(self) -> tuple[Utterance, Playback] | None:
        """What is spoken now, and the way it goes to the output."""
        in_hand = self._in_hand
        return None if in_hand is None else (in_hand.utterance, in_hand.playback)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """Something may be waiting."""
        self._wake.set()

    def foresee(self, utterance: Utterance) -> None:
        """It will be in the queue in a moment: where nobody speaks, its sound is begun."""
        try:
            if self.state == "idle" and (words := speakable(utterance.text)):
                # Asked for in another way, where a setting changed just now, it is begun anew.
                request = request_for(utterance, words, self.voices.settings)
                self._synthesizer.foresee(request)
        except Exception:
            logger.exception("what was foreseen could not be begun")

    def stop(self, drain_seconds: float) -> None:
        """Finish the sentence, at most for `drain_seconds`, then end."""
        self._stopping.set()
        self._wake.set()
        if self._is_finishing:
            logger.info("finishing the sentence, for at most %.0f s", drain_seconds)
            until = time.monotonic() + drain_seconds
            while self._is_finishing and (left := until - time.monotonic()) > 0:
                self._thread.join(min(left, ATTENTION_SECONDS))
        self.end_current(Status.INTERRUPTED, "the service was stopped")
        self.controls.resumed.set()
        if self._thread.is_alive():
            self._thread.join(5)

    @property
    def _is_finishing(self) -> bool:
        """Is there a sentence in hand that is being heard?"""
        in_hand = self._in_hand
        return not (in_hand is None or self.controls.is_paused or in_hand.playback.is_away)

    def end_current(
        self, outcome: Status, reason: str, *, device_id: str = "", only: uuid.UUID | None = None
    ) -> bool:
        """Silence the current utterance (of that robot, or that one); False where it is not."""
        in_hand = self._in_hand
        if in_hand is None or device_id not in ("", in_hand.utterance.device_id):
            return False
        if only not in (None, in_hand.utterance.pk):
            return False
        in_hand.outcome, in_hand.reason = outcome, reason
        in_hand.playback.cancel()
        self._synthesizer.cancel(in_hand.playback)
        self._wake.set()  # where it waits for the rest of it
        return True

    def pause(self) -> None:
        self.controls.resumed.clear()
        self._journal.state_changed()

    def resume(self) -> None:
        self.controls.resumed.set()
        self._wake.set()
        self._journal.state_changed()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(IDLE_SECONDS)
            self._wake.clear()
            try:
                while self._take_next():
                    pass
                if time.monotonic() >= self._next_look:
                    self._next_look = time.monotonic() + LOOK_SECONDS
                    self._look_after_output()
                    self.voices.look()
            except OperationalError as exc:
                logger.error("the queue cannot be read: %s", exc)
                self._stopping.wait(RETRY_SECONDS)
            except Exception:
                logger.exception("the speaker failed; going on with the next utterance")
                self._stopping.wait(RETRY_SECONDS)
            finally:
                tend_connections()

    def _take_next(self) -> bool:
        """Deal with the utterance that is next; False where there is none to speak now."""
        if self._stopping.is_set() or self.controls.is_paused:
            return False
        tend_connections()
        follow_clock()
        utterance = Utterance.objects.speakable_now().first()
        # Asked again: what came after a pause is not taken, however short ago that was.
        if utterance is None or self.controls.is_paused:
            return False
        query = Utterance.objects.filter(pk=utterance.pk)
        if utterance.is_stale(conf.TTS_TTL):
            expired = query.filter(status=Status.QUEUED).drop(Status.EXPIRED, TOO_OLD)
            self._journal.record_all(expired, Status.EXPIRED)
        elif not self._can_play():
            return False
        else:
            # In hand before it is claimed, so that an interruption cannot fall in between.
            self._in_hand = self._take_in_hand(utterance)
            try:
                if query.move(Status.QUEUED, Status.PLAYING):
                    self._speak(self._in_hand)
            finally:
                self._in_hand = None
                self._set_state("idle")
        return True

    def _look_after_output(self) -> None:
        """Open a device that is away, now and then, so that the first sentence finds it open."""
        before = self._output.name, self._output.error
        with suppress(AudioError):
            self._output.open()
        if before != (self._output.name, self._output.error):
            self._journal.state_changed()

    def _can_play(self) -> bool:
        # What cannot be heard stays in the queue, to be spoken when the device is back.
        try:
            self._output.open()
        except AudioError:
            self._stopping.wait(RETRY_SECONDS)
            self._journal.state_changed()
            self._wake.set()
            return False
        return True

    def _take_in_hand(self, utterance: Utterance) -> _InHand:
        playback = Playback(
            self._output, self.controls, str(utterance.pk), lambda: self._has_begun(utterance),
            on_away=lambda is_away: self._set_state("synthesizing" if is_away else "playing"),
            patience_seconds=utterance.seconds_to_live(conf.TTS_TTL),
        )  # fmt: skip
        return _InHand(utterance, playback)

    def _speak(self, in_hand: _InHand) -> None:
        utterance, playback = in_hand.utterance, in_hand.playback
        if not utterance.is_streaming and not speakable(utterance.text):
            self._finish(utterance, Status.SKIPPED, "there is nothing to say aloud in it")
            return
        self._set_state("synthesizing")
        try:
            self._output.wake()
            wait = functools.partial(self._wait_for_more, in_hand)
            for words in streaming.words_of(utterance, wait, self.patience):
                request, following = self._breathing.requests(utterance, words)
                for block in self._synthesizer.speak(request, playback, following):
                    playback.play(block)
            playback.finish()
            outcome, reason = Status.SPOKEN, utterance.error or self._synthesizer.remark
        except CancelledError:
            self._synthesizer.cancel(playback)
            outcome, reason = in_hand.outcome, in_hand.reason
        except AudioError as exc:
            self._synthesizer.cancel(playback)
            if self._put_back(in_hand):
                return
            outcome, reason = in_hand.outcome, in_hand.reason
            if not playback.is_cancelled:
                outcome, reason = Status.FAILED, str(exc)
        except SynthesisError as exc:
            outcome, reason = Status.FAILED, str(exc)
        except Exception as exc:
            logger.exception("an utterance failed in a way nobody thought of")
            outcome, reason = Status.FAILED, repr(exc)
        if outcome != Status.SPOKEN:
            playback.silence()
        self._in_hand = None
        self._set_state("idle")
        self._finish(utterance, outcome, reason, playback.seconds)
        if outcome == Status.FAILED and not self._stopping.is_set():
            self._synthesizer.ensure_started()  # now, not when the next one waits for it

    def _put_back(self, in_hand: _InHand) -> bool:
        """A device that is found gone before the first sound costs no sentence: it waits again.

        Once each, since a device may be there and take no sound of that kind.
        """
        utterance, playback = in_hand.utterance, in_hand.playback
        if playback.was_heard or not self._output.error or self._put_back_once == utterance.pk:
            return False
        self._put_back_once = utterance.pk
        playback.silence()
        query = Utterance.objects.filter(pk=utterance.pk)
        query.move(Status.PLAYING, Status.QUEUED)
        # Whoever silences it from now on finds it in the queue; who did before, here.
        if playback.is_cancelled and query.move(Status.QUEUED, Status.PLAYING):
            return False
        logger.warning("%s waits for the sound device", utterance.pk)
        utterance.status = Status.QUEUED
        self._journal.record(utterance, Status.QUEUED, started_at=None, first_audio_ms=None)
        return True

    def _wait_for_more(self, in_hand: _InHand) -> None:
        """Until there may be more of it, or a moment. Raises CancelledError where it is to end."""
        if self._stopping.is_set():
            in_hand.reason = in_hand.reason or "the service was stopped"
            raise CancelledError
        self._wake.wait(IDLE_SECONDS)
        self._wake.clear()
        if in_hand.playback.is_cancelled:
            raise CancelledError

    def _has_begun(self, utterance: Utterance) -> None:
        now = timezone.now()
        waited_ms = max(0.0, (now - utterance.received_at).total_seconds() * 1000)
        self._set_state("playing")
        self._on_begin()
        utterance.status = Status.PLAYING  # its row is, already
        self._journal.record(
            utterance,
            Status.PLAYING,
            started_at=now,
            first_audio_ms=round(waited_ms, 1),
            engine=self._synthesizer.engine,
        )

    def _finish(
        self, utterance: Utterance, outcome: Status, reason: str, seconds: float = 0.0
    ) -> None:
        self._journal.record(
            utterance,
            outcome,
            status=outcome,
            error=reason,
            finished_at=timezone.now(),
            audio_seconds=round(seconds, 3),
            engine=self._synthesizer.engine if seconds else "",
        )
        level = logging.INFO if outcome in (Status.SPOKEN, Status.SKIPPED) else logging.WARNING
        logger.log(
            level, "%s %s (%s): %s", outcome, utterance.pk, reason or f"{seconds:.1f} s", utterance
        )

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self._journal.state_changed()
