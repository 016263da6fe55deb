"""The robot link: commands to robots, and the handling of their reports."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from hive.checks import check_settings
from hive.models import Configuration, Robot, departure
from hive.mqtt.markup import make_markup
from hive.mqtt.own_interrupts import OwnInterrupts
from tests.unit.hive.conftest import DEVICE, FakeMirror, SentServer
from ttsmirror.mqtt.connection import Received
from ttsmirror.wire.control import Control
from ttsmirror.wire.messages import CONTROL_TOPIC

ACTIVITY = f"/devices/{DEVICE}/events/client-service-activity-log"


def test_speech_carries_text_and_mood(server: SentServer, mirror: FakeMirror) -> None:
    assert server.send_telehealth_speech(DEVICE, "¡Hola!", "happy", 0.75)

    ((topic, payload),) = server.published
    assert topic == f"/devices/{DEVICE}/commands/telehealth"
    assert payload["command"] == "telehealth"
    assert payload["message"]["action"] == "PLAY_OUTPUT"
    output = payload["message"]["output"]
    assert output["text"] == "¡Hola!"
    assert output["markup"].endswith("/>¡Hola!")
    ((text, options),) = mirror.texts
    assert (text, options["mood"], options["intensity"]) == ("¡Hola!", "happy", 0.75)


def test_speech_is_mirrored_without_broker(server: SentServer, mirror: FakeMirror) -> None:
    server.has_broker = False
    assert not server.send_telehealth_speech(DEVICE, "Hola")
    assert mirror.texts[0][0] == "Hola"


def test_interrupt_reaches_robot_and_loudspeaker(server: SentServer, mirror: FakeMirror) -> None:
    server.send_telehealth_interrupt(DEVICE)

    message = {"command": "telehealth", "message": {"action": "INTERRUPT"}}
    assert server.published == [(f"/devices/{DEVICE}/commands/telehealth", message)]
    assert mirror.controls == [Control(action="interrupt", device_id=DEVICE)]


def test_markup_keeps_tags_and_escapes_stray_signs() -> None:
    assert (
        make_markup("Tú & yo <break/> 1 < 2 &amp; fin") == "Tú &amp; yo <break/> 1 &lt; 2 &amp; fin"
    )
    assert make_markup("Hola", "sad", 0.5) == (
        '<mark name="cmd:playback-mood,data:{+mood+:2,+intensity+:0.5}"/>Hola'
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ("schedule", "schedule", {"provided_schedule": []}),
        ("mentor_behaviors", "mentor_behaviors", []),
        ("license", "license_values", []),
    ],
)
def test_queries_are_answered(server: SentServer, query: str, name: str, value: Any) -> None:
    Configuration.objects.create(schedule={"provided_schedule": []})
    report = {"subtopic": "query", "query": query, "request_id": "r1"}
    server.report(ACTIVITY, report)

    ((topic, answer),) = server.published
    assert topic == f"/devices/{DEVICE}/commands/query_result"
    head = {"command": "query_result", "query": query, "request_id": "r1"}
    assert answer == head | {name: value}


@pytest.mark.django_db
def test_first_report_creates_robot_online(server: SentServer) -> None:
    message = {"subtopic": "telehealth", "message": {"state": "READY"}}
    server.report(ACTIVITY, message)
    server.report(f"/devices/{DEVICE}/state", {"battery_level": 0.5})

    robot = Robot.objects.get()
    assert (robot.device_id, robot.online) == (DEVICE, True)
    assert (robot.puppet_state, robot.battery) == ("READY", 0.5)
    assert robot.last_seen is not None


@pytest.mark.django_db
def test_connected_robot_marked_offline_is_online_again(server: SentServer) -> None:
    server.presence.mark_seen(DEVICE)
    Robot.objects.update(online=False)  # like another process
    server.robots._read()
    server._tick()
    assert Robot.objects.get().online


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("topic", "fields"),
    [
        ("/devices/somebody/state", {}),
        (f"/devices/{DEVICE}/events/too/deep", {}),
        ("/devices/d_/state", {}),
    ],
)
def test_foreign_topic_creates_no_robot(
    server: SentServer, topic: str, fields: dict[str, Any]
) -> None:
    server.report(topic, fields)
    assert not Robot.objects.exists()


@pytest.mark.django_db
def test_reported_state_is_cleaned_for_the_database(server: SentServer) -> None:
    message = {"subtopic": "telehealth", "message": {"state": "RE\0ADY\ud83d"}}
    server.report(ACTIVITY, message)
    assert Robot.objects.get().puppet_state == "RE\ufffdADY?"


@pytest.mark.django_db
@pytest.mark.parametrize("message", [None, "READY", {}, {"state": 3}])
def test_invalid_telehealth_state_changes_nothing(server: SentServer, message: Any) -> None:
    server.report(ACTIVITY, {"subtopic": "telehealth", "message": message})
    assert Robot.objects.get().puppet_state == ""


@pytest.mark.django_db
def test_departure_clears_reported_state(robot: Robot) -> None:
    Robot.objects.write(DEVICE, {"puppet_state": "READY"})
    Robot.objects.write(DEVICE, departure())

    robot.refresh_from_db()
    assert (robot.online, robot.puppet_state) == (False, "")


def test_shared_port_is_a_check_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVE_PORT", "8787")
    monkeypatch.setenv("HTTP_PORT", "8787")
    (found,) = check_settings()
    assert found.id == "hive.E002"


def test_invalid_port_is_a_check_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVE_PORT", "80000")
    monkeypatch.setenv("HTTP_PORT", "many")  # the other app's check reports it
    (found,) = check_settings()
    assert found.id == "hive.E003" and found.hint == "Give a number from 1 to 65535."


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("HIVE_CHAT_URL", "localhost:11434", "hive.E004"),
        ("HIVE_CHAT_URL", "http://[", "hive.E004"),
        ("HIVE_CHAT_SECONDS", "0", "hive.E003"),
        ("HIVE_CHAT_CALLS", "0", "hive.E003"),
    ],
)
def test_invalid_chat_setting_is_a_check_error(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, error: str
) -> None:
    monkeypatch.setenv(name, value)
    (found,) = check_settings()
    assert found.id == error and name in found.msg


def test_own_interrupt_spares_the_next_question(
    server: SentServer, mirror: FakeMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted: list[str] = []
    monkeypatch.setattr(server.chat, "interrupt", interrupted.append)
    server.send_telehealth_interrupt(DEVICE)
    (ours,) = mirror.controls
    back = Received(CONTROL_TOPIC, ours.to_payload(), 0, False, False, 0, 1, 0.0)
    server._handle(back)
    assert interrupted == [DEVICE]
    server._handle(back)  # an interrupt from another sender
    assert interrupted == [DEVICE, DEVICE]


def test_lost_own_interrupt_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    own = OwnInterrupts()
    own.add(DEVICE)
    assert not own.discard("")
    monkeypatch.setattr("hive.mqtt.own_interrupts.RETURN_SECONDS", -1.0)
    assert not own.discard(DEVICE)


def test_mirror_callbacks_only_hand_over(server: SentServer) -> None:
    line_id = uuid.uuid4()
    server.lines.add(line_id, DEVICE, "Hola", "happy", 0.5)
    listener = server._listener()
    listener.on_sent(str(line_id))
    listener.on_status({"id": str(line_id), "event": "stored", "status": "playing"})
    listener.on_robot(str(line_id), True)
    assert server.lines._lines[str(line_id)]["state"] == "waiting"
    server._worker.start()
    server._worker.stop(5)
    line = server.lines._lines[str(line_id)]
    assert (line["state"], line["robot"]) == ("queued", "said")
