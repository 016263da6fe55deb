"""Answers that are interrupted, or lose the hive, while they are generated."""

from __future__ import annotations

import json
import threading
import uuid

import pytest

from hive.mqtt.moxie_server import MoxieServer
from hive.mqtt.virtual_moxie import VirtualMoxie
from tests.conftest import Broker
from tests.integration import test_conversation as conversation
from tests.integration.test_conversation import DEVICE, Listen, answers
from tests.support.model_stub import ModelStub
from tests.support.tools import wait_until
from ttsmirror.models import Utterance
from ttsmirror.wire.control import Control
from ttsmirror.wire.messages import CONTROL_TOPIC, HEALTH_TOPIC, presence_payload
from ttsmonitor.service.service import SpeechService
from ttsmonitor.speaking import streaming

pytestmark = pytest.mark.django_db(transaction=True)
Status = Utterance.Status
service = conversation.service
model, server, moxie = conversation.model, conversation.server, conversation.moxie
loudspeaker = conversation.loudspeaker


@pytest.mark.parametrize("way", ["on the monitor", "by a control message"])
def test_interrupting_the_loudspeaker_ends_the_growing_answer(
    service: SpeechService,
    moxie: VirtualMoxie,
    model: ModelStub,
    server: MoxieServer,
    listen: Listen,
    way: str,
) -> None:
    gate, control = threading.Event(), Control(action="interrupt", device_id=DEVICE)
    model.answer("Uno. ", gate, "Dos. ", "Tres.")
    moxie.hear("Cuenta")
    wait_until(lambda: Utterance.objects.filter(status=Status.PLAYING), "the first sound")
    if way == "on the monitor":
        service.control(control)
    else:
        listen().publish(CONTROL_TOPIC, control.to_payload())
    wait_until(lambda: not server.chat._answers.queue._answering, "the end of the answer")
    gate.set()
    moxie.hear("Otra cosa")
    moxie.wait_for(lambda robot: robot.said == ["Me gusta. ¿Y tú?"])

    def is_over() -> bool:
        # Build the querysets on each call: they cache their first result.
        growing_ones = Utterance.objects.filter(total_chunks=0)
        interrupted = Utterance.objects.filter(status=Status.INTERRUPTED)
        return Utterance.objects.count() == 2 and not growing_ones.exists() and interrupted.exists()

    wait_until(is_over, "the end of both")
    first = Utterance.objects.earliest("received_at")
    assert (first.text.strip(), first.status) == ("Uno.", Status.INTERRUPTED)
    assert first.error.startswith("interrupted")
    assert len(answers(moxie)) == 1, "what was interrupted is not said by the robot either"


@pytest.mark.parametrize("device_id", [DEVICE, ""])
def test_monitor_interrupt_ends_an_unspoken_answer(
    service: SpeechService,
    moxie: VirtualMoxie,
    model: ModelStub,
    server: MoxieServer,
    listen: Listen,
    device_id: str,
) -> None:
    gate, heard = threading.Event(), listen(CONTROL_TOPIC)
    model.answer(gate, "Uno.")
    moxie.hear("Cuenta")
    wait_until(lambda: model.requests, "the question")
    service.control(Control(action="interrupt", device_id=device_id))
    wait_until(lambda: not server.chat._answers.queue._waiting, "the end of the answer")
    gate.set()
    moxie.hear("Otra cosa")
    moxie.wait_for(lambda robot: robot.said == ["Me gusta. ¿Y tú?"])
    wait_until(lambda: Utterance.objects.filter(status=Status.SPOKEN), "the other answer")
    (told,) = wait_until(lambda: heard.payloads(CONTROL_TOPIC), "the interrupt")
    assert json.loads(told)["sender"]
    obeyed = [line["text"] for line in service.activity() if line["text"].startswith("control:")]
    assert len(obeyed) == 1, "it obeyed its own message as well"


@pytest.mark.parametrize("device_id", [DEVICE, ""])
def test_control_message_ends_an_unspoken_answer(
    moxie: VirtualMoxie, model: ModelStub, server: MoxieServer, listen: Listen, device_id: str
) -> None:
    gate = threading.Event()
    model.answer(gate, "Uno.")
    moxie.hear("Cuenta")
    wait_until(lambda: model.requests, "the question")
    control = Control(action="interrupt", device_id=device_id)
    listen().publish(CONTROL_TOPIC, control.to_payload())
    wait_until(lambda: not server.chat._answers.queue._waiting, "the end of the answer")
    gate.set()
    moxie.hear("Otra cosa")
    moxie.wait_for(lambda robot: robot.said == ["Me gusta. ¿Y tú?"])


def test_answer_ends_when_the_hive_has_died(
    service: SpeechService, listen: Listen, quick: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "ORPHAN_SECONDS", 0.0)
    monkeypatch.setattr("ttsmonitor.speaking.speaker.IDLE_SECONDS", 0.05)
    begun = {"id": str(uuid.uuid4()), "text": "Uno. ", "chunk": 1, "total_chunks": 2, "more": True}
    client = listen()
    client.publish(conversation.TEXTS, json.dumps(begun | {"source": "chat"}))
    wait_until(lambda: Utterance.objects.filter(status=Status.PLAYING), "the first sound")

    will = presence_payload("offline", streaming.STREAMING_COMPONENT, "1", "of the hive")
    client.publish(f"{HEALTH_TOPIC}/{streaming.STREAMING_COMPONENT}", will)
    wait_until(lambda: Utterance.objects.filter(status=Status.SPOKEN), "its end")
    assert Utterance.objects.values_list("error", flat=True).get() == streaming.GAVE_UP
