"""Which robots are let in, may wait, or are turned away."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hive.checks import check_settings
from hive.models import Approval, Configuration, Robot, arrival, departure
from hive.mqtt import admission, robot_repository
from hive.mqtt.admission import LOG_EVERY, MOST_WAITING, MOST_WITHOUT_ASKING, REMEMBERED
from hive.mqtt.robot_repository import FORGET_AFTER
from tests.unit.hive.conftest import DEVICE, FakeMirror, SentServer
from ttsmirror.mqtt.connection import Received

pytestmark = pytest.mark.django_db

OTHER = "d_0f8fad5b-d9cb-469f-a165-70867728950e"
NOTIFY = {"backend": "router", "command": "notify", "module_id": "DM", "speech": "Hola"}


@pytest.fixture(autouse=True)
def asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVE_ALLOW_NEW_ROBOTS", "ask")


@pytest.fixture
def server(server: SentServer) -> SentServer:
    """Return a server that knows no robot."""
    server.robots._changes.clear()
    return server


def state(server: SentServer, device_id: str = DEVICE) -> None:
    server.report(f"/devices/{device_id}/state", {"battery_level": 0.5})


def approvals() -> dict[str, str]:
    return dict(Robot.objects.values_list("device_id", "approval"))


def connect(server: SentServer, name: str) -> None:
    """Process the broker's log line of a client's connect."""
    line = f"1: New client connected from 10.0.0.9:5555 as {name} (p2, c1, k60, u'unknown')."
    server._handle(Received("$SYS/broker/log/N", line.encode(), 0, False, False, 0, 1, 0.0))
    server._configs.publish(name)  # as the worker does a moment later


def test_new_robot_waits_and_reports_are_ignored(server: SentServer, mirror: FakeMirror) -> None:
    state(server)
    activity = f"/devices/{DEVICE}/events/client-service-activity-log"
    server.report(activity, {"subtopic": "query", "query": "schedule"})
    server.report(activity, {"subtopic": "telehealth", "message": {"state": "READY"}})
    server.report(f"/devices/{DEVICE}/events/remote-chat", NOTIFY)

    robot = Robot.objects.get()
    assert (robot.approval, robot.online, robot.battery) == (Approval.WAITING, True, None)
    assert robot.puppet_state == ""
    assert not (server.published or mirror.texts or mirror.heard)


@pytest.mark.parametrize("approval", [*Approval, ""])
def test_unreadable_messages_are_logged_of_approved_robots_only(
    server: SentServer, caplog: pytest.LogCaptureFixture, approval: str
) -> None:
    if approval:
        Robot.objects.create(device_id=DEVICE, approval=approval)
        server.robots._read()
    topic = f"/devices/{DEVICE}/state"
    for _ in range(3):
        server._handle(Received(topic, b"{", 0, False, False, 0, 1, 0.0))
    lines = [line for line in caplog.messages if line.startswith("ignored a message")]
    assert len(lines) == (3 if approval == Approval.APPROVED else 0)
    assert Robot.objects.get().online


def test_words_kept_by_the_broker_are_not_mirrored(server: SentServer, mirror: FakeMirror) -> None:
    server.report(f"/devices/{DEVICE}/events/remote-chat", NOTIFY, waited_seconds=30.0)
    assert mirror.heard == []
    assert not Robot.objects.exists()


@pytest.mark.parametrize("approval", [Approval.WAITING, Approval.REFUSED])
def test_commands_to_unapproved_robot_are_not_sent(server: SentServer, approval: Approval) -> None:
    Robot.objects.create(device_id=DEVICE, approval=approval)
    server.robots._read()
    assert not server.send_wakeup(DEVICE)
    assert not server.send_command_to_bot_json(OTHER, "wakeup", {})
    assert server.published == []


@pytest.mark.parametrize(
    "name",
    [
        "d_",
        "d_-a",
        "d_a b",
        "d_a/b",
        "d_é",
        "d_" + "a" * 127,
        "D_a",
        "d_a\n",
        "x_a",
        "d_#",
        "moxie-hive",
    ],
)
def test_odd_id_gets_no_row_and_no_count(server: SentServer, name: str) -> None:
    state(server, name)
    assert approvals() == {}
    assert server.admission.turned_away_count == 0


def test_spellings_of_an_id_are_different_robots(server: SentServer) -> None:
    Robot.objects.create(device_id="d_abc", approval=Approval.APPROVED)
    server.robots._read()
    for spelling in ("d_ABC", "d_abc_", "d_abc-", "d_0abc"):
        connect(server, spelling)
        state(server, spelling)
        assert not server.admission.is_approved(spelling)
    assert server.admission.is_approved("d_abc")
    assert list(approvals().values()).count(Approval.APPROVED) == 1


def test_twenty_robots_wait_and_the_rest_is_counted(server: SentServer) -> None:
    for number in range(60):
        connect(server, f"d_{number}")
        state(server, f"d_{number}")
    assert len(approvals()) == MOST_WAITING
    assert server.health()["checks"]["robots"]["turned_away"] == 60 - MOST_WAITING
    assert server.admission.describe() == {
        "mode": "ask",
        "open_until": None,
        "waiting": MOST_WAITING,
        "most_waiting": MOST_WAITING,
        "turned_away": 60 - MOST_WAITING,
    }
    Robot.objects.filter(device_id="d_3").delete()
    server.robots._read()
    state(server, "d_40")
    assert approvals()["d_40"] == Approval.WAITING


def test_known_robot_enters_while_the_list_is_full(server: SentServer) -> None:
    Robot.objects.create(device_id=DEVICE, approval=Approval.APPROVED)
    server.robots._read()
    for number in range(MOST_WAITING):
        state(server, f"d_{number}")
    connect(server, DEVICE)
    assert DEVICE in server.presence
    assert server.configs_sent(DEVICE)


def test_robots_turned_away_take_bounded_memory_and_log(
    server: SentServer, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(MOST_WAITING):
        state(server, f"d_{number}")
    caplog.clear()
    for number in range(2 * REMEMBERED):
        server.presence.mark_seen(f"d_flood{number}")
    assert server.admission.turned_away_count == 2 * REMEMBERED
    assert len(server.admission._turned_away) == REMEMBERED
    assert len(server.presence.devices) == MOST_WAITING
    warnings = [record for record in caplog.records if record.levelno >= logging.INFO]
    assert len(warnings) == 1 + 2 * REMEMBERED // LOG_EVERY


def test_always_lets_new_and_waiting_robots_in(
    server: SentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Robot.objects.create(device_id=OTHER)
    server.robots._read()
    monkeypatch.setenv("HIVE_ALLOW_NEW_ROBOTS", "always")
    state(server)
    state(server, OTHER)
    assert approvals() == {DEVICE: Approval.APPROVED, OTHER: Approval.APPROVED}
    assert Robot.objects.get(device_id=DEVICE).battery == 0.5


@pytest.mark.parametrize("setting", ["always", "minute"])
def test_refused_robot_stays_refused_whatever_the_setting(
    server: SentServer, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    Robot.objects.create(device_id=DEVICE, approval=Approval.REFUSED)
    monkeypatch.setenv("HIVE_ALLOW_NEW_ROBOTS", setting)
    server.admission.start()
    state(server)  # the row has not been read yet
    assert approvals() == {DEVICE: Approval.REFUSED}
    assert not server.admission.is_approved(DEVICE)


def test_open_minute_lets_only_new_robots_in_and_ends(server: SentServer) -> None:
    state(server, OTHER)
    Configuration.open_to_new_robots(60)
    state(server)
    state(server, OTHER)
    assert approvals() == {DEVICE: Approval.APPROVED, OTHER: Approval.WAITING}
    assert server.admission.describe()["mode"] == "minute"
    Configuration.open_to_new_robots(0)
    state(server, "d_late")
    assert approvals()["d_late"] == Approval.WAITING
    Configuration.objects.update(new_robots_until=timezone.now() - timedelta(seconds=1))
    assert server.admission.describe()["mode"] == "ask"


def test_setting_minute_opens_at_the_start(
    server: SentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIVE_ALLOW_NEW_ROBOTS", "minute")
    assert server.admission.describe()["mode"] == "ask"
    server.admission.start()
    assert server.admission.describe()["mode"] == "minute"


def test_flood_ends_even_if_everybody_is_let_in(
    server: SentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIVE_ALLOW_NEW_ROBOTS", "always")
    monkeypatch.setattr(admission, "MOST_WITHOUT_ASKING", 3)
    for number in range(30):
        state(server, f"d_{number}")
    counts = list(approvals().values())
    assert counts.count(Approval.APPROVED) == 3 < MOST_WITHOUT_ASKING
    assert counts.count(Approval.WAITING) == MOST_WAITING
    assert server.admission.turned_away_count == 30 - 3 - MOST_WAITING


def test_waiting_robot_that_stays_away_is_forgotten(server: SentServer) -> None:
    long_ago = {"last_seen": timezone.now() - FORGET_AFTER - timedelta(seconds=1)}
    for name, approval in (("d_1", Approval.WAITING), ("d_2", Approval.APPROVED)):
        Robot.objects.write(name, arrival() | {"approval": approval})
        Robot.objects.write(name, departure() | long_ago)
    Robot.objects.write("d_3", arrival() | long_ago)  # it is connected
    Robot.objects.write("d_4", arrival())
    Robot.objects.write("d_4", departure())
    server.robots._read()
    assert set(approvals()) == {"d_2", "d_3", "d_4"}


def test_robot_that_is_let_in_meanwhile_is_not_forgotten(
    server: SentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decide(robot: Robot) -> bool:
        Robot.objects.let_in(robot.device_id)
        return True

    Robot.objects.create(device_id=DEVICE)
    monkeypatch.setattr(robot_repository, "_is_forgotten", decide)
    server.robots._read()
    assert approvals() == {DEVICE: Approval.APPROVED}


def test_robot_with_unread_approval_gets_its_configuration(server: SentServer) -> None:
    """Like the row that `manage.py virtual_moxie` makes just before it connects."""
    Robot.objects.let_in(DEVICE)
    connect(server, DEVICE)
    assert server.configs_sent(DEVICE)


def test_approved_and_revoked_robot_is_configured_then_silenced(
    server: SentServer, mirror: FakeMirror
) -> None:
    connect(server, DEVICE)
    assert not server.configs_sent(DEVICE)
    Robot.objects.update(approval=Approval.APPROVED)
    server.robots._read()
    server._apply_rows()
    assert server.configs_sent(DEVICE)
    server.lines.add(uuid.uuid4(), DEVICE, "Hola", "happy", 0.5)
    Robot.objects.update(approval=Approval.REFUSED)
    server.robots._read()
    sent = len(server.published)
    server._apply_rows()
    server._configs.publish(DEVICE)
    assert len(server.published) == sent
    assert [(each.action, each.device_id) for each in mirror.controls] == [("interrupt", DEVICE)]


def test_unknown_setting_is_a_check_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVE_ALLOW_NEW_ROBOTS", "sometimes")
    (found,) = check_settings()
    assert found.id == "hive.E005"
    assert found.hint == "Give one of ask, minute, always."


def test_pages_learn_of_decisions_of_other_processes(
    server: SentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed: list[Any] = []
    module = "hive.mqtt.robot_repository"
    monkeypatch.setattr(f"{module}.push_robot", lambda robot: pushed.append(robot.approval))
    monkeypatch.setattr(f"{module}.push_gone", pushed.append)
    for change in (
        lambda: Robot.objects.create(device_id=DEVICE),
        lambda: Robot.objects.update(approval=Approval.APPROVED),
        lambda: Robot.objects.update(nickname="Lucía"),
        lambda: Robot.objects.all().delete(),
    ):
        change()
        server.robots._read()
    assert pushed == [Approval.WAITING, Approval.APPROVED, DEVICE]
