"""A person lets robots in: a real broker, and robots that nobody has approved."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator

import pytest

from hive.models import Approval, ChatModule, Configuration, Robot
from hive.mqtt import moxie_server
from hive.mqtt.admission import MOST_WAITING
from hive.mqtt.moxie_server import MoxieServer
from hive.mqtt.virtual_moxie import VirtualMoxie
from tests.conftest import Broker
from tests.support.hive import connected_hive
from tests.support.tools import Listener, wait_until
from ttsmirror.wire.messages import HEALTH_TOPIC

pytestmark = pytest.mark.django_db(transaction=True)

DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
FLOOD = 500
NOTIFY = json.dumps({"backend": "router", "command": "notify", "speech": "Inundación"})
Listen = Callable[..., Listener]


@pytest.fixture
def server(broker_settings: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[MoxieServer]:
    """Run a hive that lets in nobody by itself."""
    monkeypatch.setenv("HIVE_ALLOW_NEW_ROBOTS", "ask")
    with connected_hive() as made:
        monkeypatch.setattr(moxie_server, "_server", made)
        yield made


@pytest.fixture
def moxie(server: MoxieServer, broker_settings: Broker) -> Iterator[VirtualMoxie]:
    """Connect a robot that nobody knows."""
    robot = VirtualMoxie(DEVICE, broker_settings.host, broker_settings.port, tls=False)
    robot.start()
    wait_until(lambda: Robot.objects.filter(device_id=DEVICE, online=True).exists(), "its row")
    yield robot
    robot.stop()


def decide(approval: Approval) -> None:
    robot = Robot.objects.get(device_id=DEVICE)
    robot.approval = approval
    robot.save(update_fields=["approval"])


def use_everything(moxie: VirtualMoxie) -> None:
    """Send each kind of message that a robot sends."""
    moxie.prompt()
    moxie.hear("Hola, soy un desconocido")
    moxie.ask_modules()
    for name in ("schedule", "mentor_behaviors", "license"):
        moxie.query(name)
    moxie.notify("Palabras de un desconocido", "DM")
    moxie.notify("Más palabras", moxie.module_id, heard="Y lo que oye")
    moxie._report_state("READY")
    moxie.publish_state()


def await_handling(server: MoxieServer, listener: Listener) -> None:
    """Wait until the hive has handled everything that was published so far.

    It works in order, and answers a ping last.
    """
    mark = uuid.uuid4().hex
    ping = {"type": "ping", "id": mark, "component": "test"}
    listener.publish(HEALTH_TOPIC, json.dumps(ping))

    def is_answered() -> bool:
        answers = [json.loads(payload) for payload in listener.payloads(HEALTH_TOPIC)]
        return any(each["type"] == "pong" and each.get("id") == mark for each in answers)

    wait_until(is_answered, "the pong")


def test_waiting_robot_gets_nothing_and_is_not_mirrored(
    server: MoxieServer, moxie: VirtualMoxie, listen: Listen
) -> None:
    Configuration(chat_fallback="Nada").save()
    everything = listen("#")
    reported = f"/devices/{DEVICE}/state"
    wait_until(lambda: DEVICE in server._configs._unapproved, "the time of its configuration")
    use_everything(moxie)
    wait_until(lambda: everything.payloads(reported), "its last message")
    assert not server.send_telehealth_interrupt(DEVICE)
    assert not server.send_wakeup(DEVICE)
    await_handling(server, everything)

    robot = Robot.objects.get()
    assert (robot.approval, robot.online) == (Approval.WAITING, True)
    assert (robot.battery, robot.awake, robot.puppet_state) == (None, None, "")
    topics = {topic for topic, _payload in everything.messages}
    assert not [topic for topic in topics if "/config" in topic or "/commands/" in topic]
    assert not [topic for topic in topics if topic.startswith("moxie/tts/text")]
    assert (moxie.config, moxie.commands) == ({}, [])
    assert server.lines.recent(DEVICE) == []
    assert not server.chat._answers.history.lines(DEVICE)


def test_approval_brings_configuration_without_reconnect(
    server: MoxieServer, moxie: VirtualMoxie, listen: Listen
) -> None:
    Robot.objects.update(nickname="Lucía")
    loudspeaker = listen("moxie/tts/text/#")
    lost: list[str] = []
    moxie.on_event = lambda kind, words: lost.append(kind) if kind == "lost" else None
    decide(Approval.APPROVED)
    moxie.wait_for(lambda robot: robot.config)
    assert moxie.config["child_pii"]["nickname"] == "Lucía"
    moxie.prompt()
    opener = ChatModule.objects.get(lang="es").opener
    moxie.wait_for(lambda robot: robot.said == [opener])
    wait_until(lambda: loudspeaker.messages, "the mirrored opener")
    assert lost == []


def test_approval_by_another_process_brings_configuration(
    server: MoxieServer, moxie: VirtualMoxie
) -> None:
    Robot.objects.update(approval=Approval.APPROVED)  # update() sends no signals
    moxie.wait_for(lambda robot: robot.config)


def test_revoked_robot_gets_and_says_nothing_more(
    server: MoxieServer, moxie: VirtualMoxie, listen: Listen
) -> None:
    decide(Approval.APPROVED)
    moxie.wait_for(lambda robot: robot.config)
    everything = listen("#", "$SYS/broker/log/N")
    decide(Approval.REFUSED)
    wait_until(lambda: everything.payloads("moxie/tts/control"), "the interrupted loudspeaker")
    moxie.config = {}
    Robot.objects.update(nickname="Secreto")
    server.config_changed()
    use_everything(moxie)
    moxie._client.reconnect()  # a new connection changes nothing
    wait_until(lambda: "New client connected" in str(everything.messages), "its new connection")
    await_handling(server, everything)

    assert (moxie.config, moxie.commands) == ({}, [])
    assert not [topic for topic, _payload in everything.messages if "tts/text" in topic]
    assert Robot.objects.get().approval == Approval.REFUSED


def test_deleted_robot_waits_anew_while_it_is_connected(
    server: MoxieServer, moxie: VirtualMoxie
) -> None:
    decide(Approval.APPROVED)
    moxie.wait_for(lambda robot: robot.config)
    Robot.objects.get().delete()
    wait_until(lambda: not server.robots.approval(DEVICE), "the hive to notice")
    moxie.publish_state()
    wait_until(Robot.objects.filter(online=True).exists, "its new row")
    assert Robot.objects.get().approval == Approval.WAITING


def test_flood_of_ids_makes_twenty_rows_and_a_count(server: MoxieServer, listen: Listen) -> None:
    flood = listen(HEALTH_TOPIC)
    ids = [f"d_{number}" for number in range(FLOOD)]
    for _again in range(2):
        for device_id in ids:
            flood.publish(f"/devices/{device_id}/state", '{"battery_level": 0.5}', qos=0)
            flood.publish(f"/devices/{device_id}/events/remote-chat", NOTIFY, qos=0)
    await_handling(server, flood)
    wait_until(lambda: Robot.objects.count() == MOST_WAITING, "the rows")

    checks = server.health()["checks"]
    assert checks["robots"]["ok"]
    assert checks["robots"]["waiting"] == MOST_WAITING
    assert checks["robots"]["turned_away"] == FLOOD - MOST_WAITING
    assert len(server.presence.devices) == MOST_WAITING
    assert len(server.robots._robots) + len(server.robots._changes) <= 2 * MOST_WAITING
    assert len(server._worker._later) <= MOST_WAITING + 2
    assert len(server._configs._unapproved) <= MOST_WAITING
    assert set(Robot.objects.values_list("approval", flat=True)) == {Approval.WAITING}


def test_place_that_becomes_free_goes_to_the_next_robot(
    server: MoxieServer, broker_settings: Broker, listen: Listen
) -> None:
    flood = listen(HEALTH_TOPIC)
    for number in range(MOST_WAITING):
        flood.publish(f"/devices/d_{number}/state", "{}")
    late = VirtualMoxie(DEVICE, broker_settings.host, broker_settings.port, tls=False)
    late.start()
    try:
        wait_until(lambda: server.admission.turned_away_count == 1, "the refusal")
        wait_until(lambda: Robot.objects.filter(device_id="d_7").delete()[0], "its row")
        wait_until(lambda: not server.robots.approval("d_7"), "the hive to notice")
        late.publish_state()
        wait_until(lambda: Robot.objects.filter(device_id=DEVICE).exists(), "its row")
        decide(Approval.APPROVED)
        late.wait_for(lambda robot: robot.config)
    finally:
        late.stop()


def test_robot_that_is_new_in_the_open_minute_is_let_in(
    server: MoxieServer, moxie: VirtualMoxie, broker_settings: Broker
) -> None:
    Configuration.open_to_new_robots(60)
    wait_until(lambda: server.admission.describe()["mode"] == "minute", "the open minute")
    second = VirtualMoxie("d_second", broker_settings.host, broker_settings.port, tls=False)
    second.start()
    try:
        second.wait_for(lambda robot: robot.config)
    finally:
        second.stop()
    moxie.publish_state()
    assert Robot.objects.get(device_id=DEVICE).approval == Approval.WAITING
    assert moxie.config == {}
