"""The sound device taken away from a running service, and given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.history import wait_for
from tests.sound import LOUD, Sink
from tests.tools import Listener, wait_until
from ttsmonitor.models import Utterance
from ttsmonitor.service.service import SpeechService

pytestmark = [pytest.mark.faults, pytest.mark.sound, pytest.mark.django_db(transaction=True)]
Status = Utterance.Status
TEXT_TOPIC = "moxie/tts/text"


def test_what_comes_while_the_device_is_away_is_heard_when_it_is_back(
    sink: Sink,
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PULSE_SINK", sink.name)
    monkeypatch.setattr("ttsmonitor.speaker.RETRY_SECONDS", 0.1)
    service = make_service("pyaudio")
    sender = listen()

    def audio() -> dict[str, Any]:
        return dict(service.health()["checks"]["audio"])

    wait_until(lambda: audio()["ok"], "the device")
    sink.unplug()  # while nobody speaks, so that the first sentence finds it gone
    for text in ("Uno.", "Dos."):
        sender.publish(TEXT_TOPIC, text)
    wait_until(lambda: not audio()["ok"], "the device to be missed")
    assert "sound device" in audio()["detail"] and audio()["since"]
    for text in ("Uno.", "Dos."):
        wait_for(text, Status.QUEUED)
    sink.plug_in()
    for text in ("Uno.", "Dos."):
        wait_for(text, Status.SPOKEN)
    assert (sink.recorded() > LOUD).any()
    assert service.health()["ok"], service.health()
