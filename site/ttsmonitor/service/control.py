"""Execute control commands from MQTT and the web pages.

A handler is a method with `@handles("action")`; ttsmirror/wire/control.py lists the actions.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils import timezone

from ttsmirror.models import Utterance, option_columns
from ttsmirror.reasons import Reason
from ttsmirror.wire.control import Control
from ttsmonitor.speaking import queue_order
from ttsmonitor.speaking.performance import Outcome
from ttsmonitor.speaking.recorder import Recorder
from ttsmonitor.speaking.speaker import Speaker

logger = logging.getLogger(__name__)

Status = Utterance.Status
Handler = Callable[["ControlExecutor", Control], bool]

SKIPPED = Outcome(Status.SKIPPED, Reason("skipped"))
LATE = timedelta(seconds=5)
"""An interrupt takes no longer. What is received later than that has a clock that was changed."""
INTERRUPTED = Outcome(Status.INTERRUPTED, Reason("interrupted by a person"))

_handlers: dict[str, Handler] = {}


def handles(*actions: str) -> Callable[[Handler], Handler]:
    """Register a method of ControlExecutor for these actions."""

    def register(handler: Handler) -> Handler:
        _handlers.update(dict.fromkeys(actions, handler))
        return handler

    return register


class ControlExecutor:
    """Carries controls out on the speaker and its queue. Callable from any thread."""

    def __init__(self, speaker: Speaker, recorder: Recorder) -> None:
        """Control `speaker`; `recorder` records the events of utterances."""
        self._speaker = speaker
        self._recorder = recorder

    def execute(self, control: Control) -> bool:
        """Carry `control` out. Return False if its utterance is not there (any more)."""
        is_done = _handlers[control.action](self, control)
        logger.info("control: %s %s", control.action, control.device_id)
        self._recorder.state_changed()
        return is_done

    @handles("interrupt")
    def _interrupt(self, control: Control) -> bool:
        """Silence the speaker at once, then clear the queue."""
        now = timezone.now()
        self._speaker.cancel_current(INTERRUPTED, device_id=control.device_id)
        reason = Reason("interrupted before its turn")
        # Utterances received after the interrupt are spared: a conversation that starts over
        # interrupts the one before it, and its first words may be stored while this waits for the
        # database.
        self._drop_waiting(Status.INTERRUPTED, reason, control.device_id, but_after=now)
        # The speaker may have taken one up between the two.
        taken = self._speaker.performance
        if taken is not None and taken.utterance.received_at < now:
            self._speaker.cancel_current(
                INTERRUPTED, device_id=control.device_id, only=taken.utterance.pk
            )
        return True

    @handles("skip")
    def _skip(self, control: Control) -> bool:
        self._speaker.cancel_current(SKIPPED, device_id=control.device_id)
        return True

    @handles("clear")
    def _clear(self, control: Control) -> bool:
        self._drop_waiting(Status.SKIPPED, Reason("cleared from the queue"), control.device_id)
        return True

    @handles("pause", "resume")
    def _pause_or_resume(self, control: Control) -> bool:
        getattr(self._speaker, control.action)()
        return True

    @handles("volume")
    def _set_volume(self, control: Control) -> bool:
        self._speaker.controls.volume = control.value if control.value is not None else 1.0
        return True

    @handles("mute", "unmute")
    def _mute_or_unmute(self, control: Control) -> bool:
        self._speaker.controls.is_muted = control.action == "mute"
        return True

    @handles("move")
    def _move(self, control: Control) -> bool:
        pk = control.utterance_id
        return self._note_missing(control, pk is not None and queue_order.move(pk, control.before))

    @handles("remove")
    def _remove(self, control: Control) -> bool:
        pk = control.utterance_id
        removed = [] if pk is None else queue_order.remove(pk)
        self._recorder.tell_all(removed, Status.SKIPPED)
        return self._note_missing(control, bool(removed))

    @handles("replay")
    def _replay(self, control: Control) -> bool:
        """Queue a copy of an utterance of the history."""
        pk = control.utterance_id
        original = None if pk is None else Utterance.objects.filter(pk=pk).first()
        if original is None:
            return self._note_missing(control, False)
        now = timezone.now()
        copy = Utterance.objects.create(
            text=original.text,
            source=original.source,
            device_id=original.device_id,
            **option_columns(replace(original.options, priority="normal", ttl=None)),
            status=Status.QUEUED,
            published_at=now,
            received_at=now,
        )
        self._recorder.tell(copy, "stored")
        self._speaker.wake()
        return True

    def _drop_waiting(
        self, status: Status, reason: str, device_id: str, but_after: datetime | None = None
    ) -> None:
        waiting = Utterance.objects.unspoken().of_device(device_id)
        if but_after is not None:
            newer = {"received_at__gt": but_after, "received_at__lt": but_after + LATE}
            waiting = waiting.exclude(**newer)
        # In one statement: one by one, the speaker would take up the next of them meanwhile.
        dropped = waiting.drop(status, reason)
        self._recorder.tell_all(dropped, status)

    @staticmethod
    def _note_missing(control: Control, is_done: bool) -> bool:
        if not is_done:
            logger.warning("%s: no such utterance: %s", control.action, control.utterance_id)
        return is_done
