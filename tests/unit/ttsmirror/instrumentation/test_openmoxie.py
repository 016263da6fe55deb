"""The plug-in around a stand-in for OpenMoxie: what it mirrors and leaves unchanged."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.support.tools import free_port
from ttsmirror.instrumentation import openmoxie
from ttsmirror.instrumentation.patch_targets import PATCH_TARGETS
from ttsmirror.publishing.deduplication import RobotReport
from ttsmirror.publishing.mirror import TTSMirrorPublisher
from ttsmirror.publishing.queue_items import Handed
from ttsmirror.wire.control import Control
from ttsmirror.wire.messages import Chunk

HOME = "tests.standins.openmoxie.site"
ROBOT = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
CONFIGURE = "send_config_to_bot_json"
Published = list[tuple[str, str]]


class Client:
    """An MQTT client that records the stand-in's messages."""

    def __init__(self) -> None:
        self.published: Published = []

    def publish(self, topic: str, payload: str) -> None:
        self.published.append((topic, payload))


class FakeMirror:
    """A mirror that records what it gets."""

    def __init__(self) -> None:
        self.utterances: list[Chunk] = []
        self.controls: list[Control] = []
        self.heard: list[RobotReport] = []
        self.starts = 0

    def start(self) -> None:
        self.starts += 1

    def hand_over(self, make: Callable[[], Handed]) -> None:
        try:
            handed = make()
        except Exception:
            return  # like the publisher's thread, which logs it
        if isinstance(handed, Chunk):
            self.utterances.append(handed)
        elif isinstance(handed, Control):
            self.controls.append(handed)
        elif isinstance(handed, RobotReport):
            self.heard.append(handed)

    @property
    def texts(self) -> list[str]:
        return [each.text for each in self.utterances]


def request(command: str, **fields: Any) -> dict[str, Any]:
    module = {"backend": "router", "module_id": "OPENMOXIE_CHAT", "content_id": "default"}
    return module | {"command": command, "event_id": "e1"} | fields


def talk() -> Published:
    """Use every way OpenMoxie speaks. Return the messages to the robot."""
    from tests.standins.openmoxie.site.hive.mqtt.moxie_server import MoxieServer

    client = Client()
    server = MoxieServer(client)
    chat = server._remote_chat
    server.send_telehealth_speech(ROBOT, "Hola, soy Moxie", "happy", 0.7)
    server.send_telehealth_interrupt(ROBOT)
    server.send_command_to_bot_json(ROBOT, "wakeup", {"command": "wakeup"})
    for number, asked in enumerate(
        (
            request("prompt"),
            request("continue", speech="a cat"),
            request("continue", speech="What time is it"),
            request("continue", speech="hm", module_id="STORY"),
            request("notify", speech="You said a cat. Tell me more!"),
            request("notify", speech="Once upon a time", module_id="STORY", event_id="e5"),
        )
    ):
        chat.handle_request(ROBOT, asked | {"event_id": f"e{number}"}, {})
        chat._worker_queue.submit(lambda: None).result(10)  # in this order
        chat._worker_queue.submit(lambda: None).result(10)
    chat._worker_queue.shutdown(wait=True)
    return client.published


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the stand-in in OpenMoxie's place."""
    there = [replace(point, module=f"{HOME}.{point.module}") for point in PATCH_TARGETS]
    monkeypatch.setattr(openmoxie, "PATCH_TARGETS", tuple(there))
    yield
    openmoxie.uninstrument()


@pytest.fixture
def plugged(points: None, monkeypatch: pytest.MonkeyPatch) -> FakeMirror:
    """Instrument the stand-in, with a recording mirror."""
    fake = FakeMirror()
    monkeypatch.setattr(openmoxie, "get_tts_mirror", lambda: fake)
    assert openmoxie.instrument() == []
    return fake


def test_puppet_mode_answers_and_global_responses_are_mirrored(plugged: FakeMirror) -> None:
    talk()
    assert [(each.text, each.source, each.event_id) for each in plugged.utterances] == [
        ("Hola, soy Moxie", "puppet_mode", ""),
        ("Hi there!", "chat", "e0"),
        ("You said a cat. Tell me more!", "chat", "e1"),
        ("It is half past seven.", "chat", "e2"),
    ]
    assert {each.device_id for each in plugged.utterances} == {ROBOT}
    feelings = [(each.mood, each.intensity) for each in plugged.utterances]
    assert feelings == [("happy", 0.7), *[("", None)] * 3]


def test_mirror_connects_when_openmoxie_starts(plugged: FakeMirror) -> None:
    from tests.standins.openmoxie.site.hive.mqtt.moxie_server import MoxieServer

    assert plugged.starts == 0
    client = Client()
    server = MoxieServer(client)
    assert server._client is client
    assert (plugged.starts, plugged.texts) == (1, [])


def test_interrupt_stops_the_loudspeaker_too(plugged: FakeMirror) -> None:
    talk()
    (control,) = plugged.controls
    assert (control.action, control.device_id) == ("interrupt", ROBOT)


def test_robot_reports_carry_text_and_content_owner(plugged: FakeMirror) -> None:
    talk()
    assert plugged.heard == [
        RobotReport(ROBOT, "You said a cat. Tell me more!", "e4", is_ours=True),
        RobotReport(ROBOT, "Once upon a time", "e5", is_ours=False),
    ]


def test_pairing_is_left_to_openmoxie(points: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.standins.openmoxie.site.hive.mqtt.moxie_server import MoxieServer

    monkeypatch.setenv("HIVE_ALLOW_NEW_ROBOTS", "ask")  # a setting of our hive only
    before = {name: getattr(MoxieServer, name) for name in ("on_message", CONFIGURE)}
    unplugged = talk()
    monkeypatch.setattr(openmoxie, "get_tts_mirror", FakeMirror)
    assert openmoxie.instrument() == []
    assert {name: getattr(MoxieServer, name) for name in before} == before
    assert talk() == unplugged


def test_markup_only_speech_is_mirrored(plugged: FakeMirror) -> None:
    from tests.standins.openmoxie.site.hive.mqtt.moxie_server import MoxieServer

    output = {"text": "", "markup": "<mark name='x'/>Hola, Tom &amp; <b>Ana</b>"}
    MoxieServer(Client()).send_telehealth(ROBOT, {"action": "PLAY_OUTPUT", "output": output})
    assert plugged.texts == ["Hola, Tom & Ana"]


def mirror_away() -> TTSMirrorPublisher:
    return TTSMirrorPublisher(host="127.0.0.1", port=free_port())


def mirror_broken() -> TTSMirrorPublisher:
    raise RuntimeError("broken")


class Broken:
    """A mirror on which every call fails."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        raise OSError(name)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", [mirror_away, mirror_broken, Broken])
def test_mirror_failures_do_not_change_openmoxie_commands(
    points: None, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Any]
) -> None:
    without = talk()
    made: list[Any] = []

    def mirror() -> Any:
        if not made:
            made.append(make())
        return made[0]

    monkeypatch.setattr(openmoxie, "get_tts_mirror", mirror)
    openmoxie.instrument()
    try:
        assert talk() == without
        assert len(without) == 7
    finally:
        for each in made:
            if isinstance(each, TTSMirrorPublisher):
                each.stop(0.1)


def test_unexpected_payloads_pass_unchanged(plugged: FakeMirror) -> None:
    from tests.standins.openmoxie.site.hive.mqtt.moxie_server import MoxieServer

    client = Client()
    server = MoxieServer(client)
    odd: list[Any] = [{}, {"message": None}, {"output": None}, {"output": []}, [], "words", None]
    for payload in odd:
        for command in ("telehealth", "remote_chat", "other"):
            server.send_command_to_bot_json(ROBOT, command, payload)
    assert [json.loads(payload) for _topic, payload in client.published] == [
        payload for payload in odd for _ in range(3)
    ]
    assert plugged.texts == []


def test_openmoxie_errors_are_raised_unchanged(plugged: FakeMirror) -> None:
    from tests.standins.openmoxie.site.hive.mqtt.moxie_server import MoxieServer

    server = MoxieServer(Client())
    with pytest.raises(TypeError, match="intensity"):
        server.send_telehealth_speech(ROBOT, "Hola", "happy")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        server.send_command_to_bot_json(ROBOT, "telehealth", {"message": object()})
    assert plugged.texts == []


def methods() -> list[object]:
    from tests.standins.openmoxie.site.hive.mqtt.moxie_remote_chat import RemoteChat
    from tests.standins.openmoxie.site.hive.mqtt.moxie_server import MoxieServer

    return [*vars(MoxieServer).values(), *vars(RemoteChat).values()]


def test_instrumentation_is_idempotent_and_fully_reversible(
    points: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeMirror()
    monkeypatch.setattr(openmoxie, "get_tts_mirror", lambda: fake)
    before = methods()
    openmoxie.instrument()
    openmoxie.instrument()
    talk()
    assert len(fake.texts) == 4
    openmoxie.uninstrument()
    assert methods() == before
    talk()
    assert len(fake.texts) == 4


def test_missing_methods_cause_one_warning_and_rest_works(
    points: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from tests.standins.openmoxie.site.hive.mqtt.moxie_remote_chat import RemoteChat
    from tests.standins.openmoxie.site.hive.mqtt.moxie_server import MoxieServer

    original = MoxieServer.send_telehealth_speech

    def other(self: Any, device_id: str, text: str, mood: str, intensity: float) -> None:
        original(self, device_id, text, mood, intensity)

    monkeypatch.setattr(MoxieServer, "send_telehealth_speech", other)
    monkeypatch.setattr(RemoteChat, "take_request", RemoteChat.handle_request, raising=False)
    handle = RemoteChat.handle_request
    monkeypatch.delattr(RemoteChat, "handle_request")
    fake = FakeMirror()
    monkeypatch.setattr(openmoxie, "get_tts_mirror", lambda: fake)

    assert len(openmoxie.instrument()) == 2
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "MoxieServer.send_telehealth_speech(device_id, speech, mood" in record.getMessage()
    assert "it takes device_id, text, mood, intensity" in record.getMessage()
    assert "RemoteChat.handle_request" in record.getMessage()
    monkeypatch.setattr(RemoteChat, "handle_request", handle, raising=False)
    talk()
    assert len(fake.texts) == 4
    assert fake.heard == []


def test_wrapped_method_keeps_name_and_signature(plugged: FakeMirror) -> None:
    from tests.standins.openmoxie.site.hive.mqtt.moxie_server import MoxieServer

    found = inspect.signature(MoxieServer.send_telehealth_speech)
    assert list(found.parameters) == ["self", "device_id", "speech", "mood", "intensity"]
    assert MoxieServer.send_telehealth_speech.__name__ == "send_telehealth_speech"


def test_own_hive_is_not_instrumented() -> None:
    from hive.mqtt.moxie_server import MoxieServer
    from ttsmirror.host import is_plugged_in

    assert not is_plugged_in()
    assert "mirror" not in inspect.getsource(MoxieServer.send_command_to_bot_json)
