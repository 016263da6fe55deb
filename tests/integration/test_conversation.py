"""Conversation over a real broker with a simulated robot and a scripted language model."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hive.chat.history import MOXIE
from hive.models import ChatModule
from hive.mqtt import moxie_server
from hive.mqtt.moxie_server import MoxieServer
from hive.mqtt.virtual_moxie import VirtualMoxie
from tests.conftest import Broker
from tests.support.hive import connected_hive
from tests.support.model_stub import ModelStub, Piece, serving_model
from tests.support.tools import Listener, wait_until
from ttsmirror.models import OutboxEntry, Utterance
from ttsmirror.wire.messages import CONTROL_TOPIC, STATUS_TOPIC
from ttsmonitor.service.service import SpeechService

pytestmark = pytest.mark.django_db(transaction=True)

Status = Utterance.Status
DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
OTHER = "d_0f8fad5b-d9cb-469f-a165-70867728950e"
TEXTS = "moxie/tts/text"
Listen = Callable[..., Listener]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelStub]:
    with serving_model() as stub:
        monkeypatch.setenv("HIVE_CHAT_URL", stub.url)
        monkeypatch.setenv("HIVE_CHAT_MODEL", "stub")
        monkeypatch.setenv("HIVE_CHAT_KEY", "secret")
        yield stub


@pytest.fixture
def server(
    quick: Broker, model: ModelStub, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MoxieServer]:
    with connected_hive() as made:
        monkeypatch.setattr(moxie_server, "_server", made)
        yield made


@pytest.fixture
def loudspeaker(listen: Listen) -> Listener:
    return listen(TEXTS, CONTROL_TOPIC)


@pytest.fixture
def moxie(server: MoxieServer, loudspeaker: Listener, quick: Broker) -> Iterator[VirtualMoxie]:
    """Run a simulated robot."""
    robot = VirtualMoxie(DEVICE, quick.host, quick.port, tls=False)
    robot.start()
    robot.wait_for(lambda robot: robot.config)
    yield robot
    robot.stop()


@pytest.fixture
def fallback(server: MoxieServer, moxie: VirtualMoxie) -> str:
    """Return the module's fallback line."""
    ChatModule.objects.update(fallback="Me he perdido.")
    server.setup.refresh()
    return "Me he perdido."


def messages(loudspeaker: Listener) -> list[dict[str, Any]]:
    return [json.loads(payload) for payload in loudspeaker.payloads(TEXTS)]


def utterances(loudspeaker: Listener) -> list[str]:
    """Return mirrored texts joined from their chunks. Raise AssertionError on a duplicate."""
    parts: dict[str, dict[int, dict[str, Any]]] = {}
    for message in messages(loudspeaker):
        chunks = parts.setdefault(message["id"], {})
        assert message["chunk"] not in chunks
        chunks[message["chunk"]] = message
    joined = []
    for chunks in parts.values():
        newest = list(chunks.values())[-1]
        assert list(chunks) == list(range(1, newest["chunk"] + 1))
        if newest["total_chunks"] == len(chunks):
            joined.append("".join(chunk["text"] for chunk in chunks.values()))
    return joined


def answers(moxie: VirtualMoxie) -> list[dict[str, Any]]:
    return [payload for name, payload in moxie.commands if name == "remote_chat"]


def test_child_is_answered_in_spanish_with_conversation_history(
    server: MoxieServer, moxie: VirtualMoxie, model: ModelStub, loudspeaker: Listener
) -> None:
    def told() -> bool:
        return server.chat._answers.history.ends_with(DEVICE, MOXIE, moxie.said[-1])

    module = ChatModule.objects.get(lang="es")
    said = [
        module.opener,
        "¡Un gato! ¿De qué color era?",
        "Los **negros** son finos. ¿No?",
    ]
    heard = ["Hoy vi un gato", "Era negro"]
    model.answer("¡Un ", "gato! ", "¿De qué color era?")
    model.answer("Los **negros** ", "son finos. ¿", "No?")

    moxie.prompt()
    moxie.wait_for(lambda robot: len(robot.said) == 1)
    for number, words in enumerate(heard, start=2):
        wait_until(told, "the robot to tell what it said")
        event_id = moxie.hear(words)
        moxie.wait_for(lambda robot, count=number: len(robot.said) == count)  # type: ignore[misc]
        assert answers(moxie)[-1]["event_id"] == event_id
        assert answers(moxie)[-1]["input_speech"] == words

    assert moxie.said == [*said[:2], "Los negros son finos. ¿No?"]
    wait_until(lambda: utterances(loudspeaker) == said, "all that was said, once each")
    assert {message["source"] for message in messages(loudspeaker)} == {"chat"}
    assert {message["lang"] for message in messages(loudspeaker)} == {"es"}
    assert model.messages(0) == [("assistant", said[0]), ("user", heard[0])]
    assert model.messages(1) == [
        ("assistant", said[0]),
        ("user", heard[0]),
        ("assistant", said[1]),
        ("user", heard[1]),
    ]
    (request, _second) = model.requests
    assert request["model"] == "stub"
    assert (request["max_tokens"], request["temperature"]) == (150, 0.7)
    assert "español" in request["messages"][0]["content"]
    assert model.keys == ["Bearer secret"] * 2


@pytest.mark.parametrize("beginning", ["Había una vez. ", "Había una vez."])
def test_first_sentence_is_published_before_the_answer_ends(
    moxie: VirtualMoxie, model: ModelStub, loudspeaker: Listener, beginning: str
) -> None:
    gate = threading.Event()
    model.answer("Había ", beginning.removeprefix("Había "), gate, " Un dragón.")
    moxie.hear("Un cuento")

    (first,) = wait_until(lambda: messages(loudspeaker), "the first chunk")
    assert (first["text"], first["chunk"], first["total_chunks"]) == (beginning, 1, 2)
    assert first["more"] is True
    assert answers(moxie) == []
    gate.set()
    moxie.wait_for(lambda robot: len(robot.said) == 1)
    assert moxie.said == [" ".join(f"{beginning} Un dragón.".split())]
    (whole,) = wait_until(lambda: utterances(loudspeaker), "the end")
    assert whole == f"{beginning} Un dragón."


def test_slow_answer_is_replaced_and_never_sent_later(
    moxie: VirtualMoxie,
    model: ModelStub,
    loudspeaker: Listener,
    fallback: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HIVE_CHAT_SECONDS", "0.5")
    hang = threading.Event()
    model.answer("Mm ", hang, "hm. Ya está.")
    moxie.hear("¿Sigues ahí?")
    moxie.wait_for(lambda robot: robot.said == [fallback])
    hang.set()
    monkeypatch.setenv("HIVE_CHAT_SECONDS", "60")
    moxie.hear("Hola")
    moxie.wait_for(lambda robot: len(robot.said) == 2)

    assert moxie.said == [fallback, "Me gusta. ¿Y tú?"]
    wait_until(lambda: utterances(loudspeaker) == moxie.said, "both")


def test_broken_model_stream_keeps_its_complete_sentences(
    moxie: VirtualMoxie, model: ModelStub, loudspeaker: Listener
) -> None:
    gate = threading.Event()
    model.answer("Uno. ", "Dos", gate, b"data: {broken\n\n")
    moxie.hear("Cuenta")
    wait_until(lambda: messages(loudspeaker), "the first sentence")
    gate.set()
    moxie.wait_for(lambda robot: robot.said == ["Uno."])
    (whole,) = wait_until(lambda: utterances(loudspeaker), "the end")
    assert whole.strip() == "Uno."


FAILURES: dict[str, tuple[Piece, ...]] = {
    "fails": (500,),
    "unknown model": (404,),
    "nonsense": (b"<html>nonsense</html>\n\n",),
    "broken": (b"data: {broken\n\n",),
    "an error": (b'data: {"error": {"message": "out of memory"}}\n\n',),
    "nothing": (),
    "no words": ("😀 ", "**"),
    "only thoughts": ("<think>Mmm. Pienso.</think>",),
}


def test_failing_model_is_replaced_by_module_line(
    moxie: VirtualMoxie, model: ModelStub, loudspeaker: Listener, fallback: str, server: MoxieServer
) -> None:
    for count, (name, pieces) in enumerate(FAILURES.items(), start=1):
        model.answer(*pieces)
        moxie.hear(f"Hola {count}")
        moxie.wait_for(lambda robot, count=count: len(robot.said) == count)  # type: ignore[misc]
        assert moxie.said[-1] == fallback, name
        assert server.chat.model_problem, name
        server.chat._answers.queue.model.problem = ""
    wait_until(lambda: utterances(loudspeaker) == [fallback] * len(FAILURES), "the lines")


def test_unreachable_model_is_replaced_by_module_line(
    moxie: VirtualMoxie, model: ModelStub, fallback: str, server: MoxieServer
) -> None:
    model.close()
    moxie.hear("Hola")
    moxie.wait_for(lambda robot: robot.said == [fallback])
    assert "refused" in server.chat.model_problem or "onnection" in server.chat.model_problem


def test_truncated_answer_ends_with_a_complete_sentence(
    moxie: VirtualMoxie, model: ModelStub
) -> None:
    model.finish_reason = "length"
    model.answer("Uno dos tres. ", "Cuatro cin")
    moxie.hear("Cuenta")
    moxie.wait_for(lambda robot: robot.said == ["Uno dos tres."])


def test_interrupt_cancels_the_rest_of_the_answer(
    moxie: VirtualMoxie, model: ModelStub, loudspeaker: Listener, server: MoxieServer
) -> None:
    gate = threading.Event()
    model.answer("Uno. ", gate, "Dos. ", "Tres.")
    moxie.hear("Cuenta")
    wait_until(lambda: messages(loudspeaker), "the first sentence")
    server.send_telehealth_interrupt(DEVICE)
    last = wait_until(lambda: messages(loudspeaker)[1:], "its end")[0]
    gate.set()
    moxie.hear("Otra cosa")
    moxie.wait_for(lambda robot: robot.said == ["Me gusta. ¿Y tú?"])

    assert (last["text"].strip(), last["ttl"], last.get("more")) == ("", 0, None)
    wait_until(lambda: loudspeaker.payloads(CONTROL_TOPIC), "the interrupt")
    said = ["Uno.", "Me gusta. ¿Y tú?"]
    wait_until(lambda: [text.strip() for text in utterances(loudspeaker)] == said, "no more")
    assert len(answers(moxie)) == 1


def test_hung_model_delays_neither_queries_nor_other_robots(
    moxie: VirtualMoxie, model: ModelStub, quick: Broker, server: MoxieServer
) -> None:
    gate = threading.Event()
    model.answer(gate, "Ya.")
    moxie.hear("¿Sigues ahí?")
    wait_until(lambda: model.requests, "the question")
    request_id = moxie.query("license")
    moxie.wait_for(lambda robot: robot.commands)
    assert moxie.commands[0][1]["request_id"] == request_id

    other = VirtualMoxie(OTHER, quick.host, quick.port, tls=False)
    other.start()
    try:
        other.wait_for(lambda robot: robot.config)
        other.hear("Hola")
        other.wait_for(lambda robot: robot.said == ["Me gusta. ¿Y tú?"])
    finally:
        other.stop()
    assert moxie.said == []
    gate.set()
    moxie.wait_for(lambda robot: robot.said == ["Ya."])


def test_repeated_and_further_questions_are_answered_once_in_order(
    moxie: VirtualMoxie,
    model: ModelStub,
    loudspeaker: Listener,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate = threading.Event()
    model.answer(gate, "Uno.")
    model.answer("Dos.")
    event_id = moxie.hear("Primero")
    wait_until(lambda: model.requests, "the question")
    again = {"event_id": event_id, "backend": "router", "command": "continue", "speech": "Primero"}
    moxie._publish("events/remote-chat", again | {"module_id": moxie.module_id})
    second = moxie.hear("Segundo")
    third = moxie.reprompt()
    wait_until(lambda: "repeated a request" in caplog.text, "the question asked again")
    gate.set()
    moxie.wait_for(lambda robot: len(robot.said) == 3)

    reminder = ChatModule.objects.get(lang="es").reprompt
    assert moxie.said == ["Uno.", "Dos.", reminder]
    assert [answer["event_id"] for answer in answers(moxie)] == [event_id, second, third]
    wait_until(lambda: utterances(loudspeaker) == moxie.said, "each once")


def test_thoughts_of_the_model_are_neither_said_nor_remembered(
    server: MoxieServer, moxie: VirtualMoxie, model: ModelStub, loudspeaker: Listener
) -> None:
    model.answer("<thi", "nk>Debo saludar. Será ", "breve.</thi", "nk>\n\nMoxie: ¡Hola! ", "¿Y tú?")
    moxie.hear("Hola")
    moxie.wait_for(lambda robot: robot.said)
    assert moxie.said == ["¡Hola! ¿Y tú?"]
    wait_until(lambda: utterances(loudspeaker) == moxie.said, "the mirrored answer")
    history = server.chat._answers.history
    wait_until(lambda: history.ends_with(DEVICE, MOXIE, moxie.said[0]), "the robot's report")
    model.answer("<think>Se acabó. Nada.")
    moxie.hear("¿Qué más?")
    moxie.wait_for(lambda robot: len(robot.said) == 2)
    assert ("assistant", "¡Hola! ¿Y tú?") in model.messages()
    assert "Debo" not in str(model.messages())
    assert moxie.said[1] in ChatModule.objects.get(lang="es").fallback
    assert not any("acabó" in each["text"] for each in messages(loudspeaker))


@pytest.fixture
def service(quick: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[SpeechService]:
    """Run the speech service in this process."""
    monkeypatch.setenv("TTS_ENGINE", "espeak")
    monkeypatch.setenv("TTS_AUDIO", "null")
    monkeypatch.setenv("TTS_DRAIN_SECONDS", "0")
    made = SpeechService()
    made.start()
    wait_until(lambda: made.status()["broker"]["connected"], "the broker")
    yield made
    made.stop()


def test_loudspeaker_speaks_while_the_model_still_thinks(
    service: SpeechService, moxie: VirtualMoxie, model: ModelStub, listen: Listen
) -> None:
    def events() -> list[str]:
        told = [json.loads(payload) for payload in listener.payloads(STATUS_TOPIC)]
        return [each["event"] for each in told if each.get("event")]

    gate, listener = threading.Event(), listen(STATUS_TOPIC)
    model.answer("Sí. ", gate, "No.")
    moxie.hear("¿Sí o no?")
    wait_until(lambda: "playing" in events(), "the first sound")
    assert Utterance.objects.get().text == "Sí. "
    gate.set()
    wait_until(lambda: "spoken" in events(), "the last sound")

    assert events() == ["playing", "stored", "spoken"]
    spoken = Utterance.objects.get()
    assert (spoken.text, spoken.total_chunks, spoken.error) == ("Sí. No.", 2, "")
    wait_until(lambda: not OutboxEntry.objects.exists(), "the confirmation")
