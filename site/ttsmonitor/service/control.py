"""What is done where somebody wants something of the speech: by message, or by a page's button."""

from __future__ import annotations

import logging

from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmirror.wire.control import Control
from ttsmonitor.speaking import queue_order
from ttsmonitor.speaking.recorder import Recorder
from ttsmonitor.speaking.speaker import Speaker

logger = logging.getLogger(__name__)

Status = Utterance.Status


class ControlExecutor:
    """obey() a control."""

    def __init__(self, speaker: Speaker, journal: Recorder) -> None:
        self._speaker = speaker
        self._journal = journal

    def obey(self, control: Control) -> bool:
        """Do it, and tell of the new state; False where there is no such utterance (any more).

        From any thread.
        """
        device_id, is_done = control.device_id, True
        match control.action:
            case "interrupt":
                self._interrupt(device_id)
            case "skip":
                self._speaker.end_current(Status.SKIPPED, "skipped", device_id=device_id)
            case "clear":
                self._drop_waiting(Status.SKIPPED, "cleared from the queue", device_id)
            case "pause":
                self._speaker.pause()
            case "resume":
                self._speaker.resume()
            case "volume":
                self._speaker.controls.volume = control.value if control.value is not None else 1.0
            case "mute" | "unmute":
                self._speaker.controls.is_muted = control.action == "mute"
            case "replay":
                is_done = self._replay(control)
            case "remove" | "move":
                is_done = self._change_queue(control)
        logger.info("control: %s %s", control.action, device_id)
        self._journal.state_changed()
        return is_done

    def _interrupt(self, device_id: str) -> None:
        """Silence at once; then what waits, and what the speaker took up of it meanwhile."""
        now, reason = timezone.now(), "interrupted by whoever speaks for the robot"
        self._speaker.end_current(Status.INTERRUPTED, reason, device_id=device_id)
        self._drop_waiting(Status.INTERRUPTED, "interrupted before its turn", device_id)
        taken = self._speaker.current
        if taken is not None and taken.received_at < now:
            self._speaker.end_current(
                Status.INTERRUPTED, reason, device_id=device_id, only=taken.pk
            )

    def _drop_waiting(self, outcome: Status, reason: str, device_id: str) -> None:
        # All at once: while they went one by one, the speaker would take up the next of them.
        dropped = Utterance.objects.unspoken().of_device(device_id).drop(outcome, reason)
        self._journal.record_all(dropped, outcome)

    def _change_queue(self, control: Control) -> bool:
        pk = control.utterance_id
        if control.action == "move":
            is_done = pk is not None and queue_order.move(pk, control.before)
        else:
            removed = [] if pk is None else queue_order.remove(pk)
            is_done = bool(removed)
            self._journal.record_all(removed, Status.SKIPPED)
        if not is_done:
            logger.warning("%s: %s does not wait (any more)", control.action, pk)
        return is_done

    def _replay(self, control: Control) -> bool:
        """Say an utterance of the history again, as one of its own."""
        wanted = control.utterance_id
        utterance = None if wanted is None else Utterance.objects.filter(pk=wanted).first()
        if utterance is None:
            logger.warning("replay: there is no utterance %s", control.utterance_id)
            return False
        now = timezone.now()
        again = Utterance.objects.create(
            text=utterance.text,
            source=utterance.source,
            device_id=utterance.device_id,
            lang=utterance.lang,
            voice=utterance.voice,
            mood=utterance.mood,
            intensity=utterance.intensity,
            status=Status.QUEUED,
            published_at=now,
            received_at=now,
        )
        self._journal.record(again, "stored")
        self._speaker.wake()
        return True
