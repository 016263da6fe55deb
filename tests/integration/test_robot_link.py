"""The robot link over a real broker, with a simulated robot at the other end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hive.conf import conf
from hive.models import ChatModule, Configuration, Robot
from hive.mqtt import moxie_server
from hive.mqtt.moxie_server import MoxieServer
from hive.mqtt.virtual_moxie import VirtualMoxie
from tests.conftest import Broker
from tests.support.hive import connected_hive
from tests.support.tools import Listener, Stopwatch, wait_until
from ttsmirror.wire.messages import HEALTH_TOPIC

pytestmark = pytest.mark.django_db(transaction=True)

DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
Listen = Callable[..., Listener]


@pytest.fixture
def server(broker_settings: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[MoxieServer]:
    """Run a connected MoxieServer with its own mirror."""
    with connected_hive() as made:
        monkeypatch.setattr(moxie_server, "_server", made)
        yield made


@pytest.fixture
def moxie(broker_settings: Broker) -> Iterator[VirtualMoxie]:
    """Return a simulated robot that is still switched off."""
    robot = VirtualMoxie(DEVICE, broker_settings.host, broker_settings.port, tls=False)
    yield robot
    robot.stop()


def online() -> bool:
    return Robot.objects.online().filter(device_id=DEVICE).exists()


def switch_on(moxie: VirtualMoxie) -> None:
    moxie.start()
    moxie.wait_for(lambda robot: robot.config)


def mirrored(listener: Listener) -> list[dict[str, Any]]:
    return [
        json.loads(payload)
        for topic, payload in list(listener.messages)
        if topic == "moxie/tts/text"
    ]


def test_connecting_robot_is_configured_within_three_seconds(
    server: MoxieServer, moxie: VirtualMoxie
) -> None:
    with Stopwatch() as watch:
        moxie.start()
        moxie.wait_for(lambda robot: robot.config)

    assert watch.seconds < 3
    wait_until(online, "its row")
    assert moxie.config["pairing_status"] == "paired"
    assert moxie.config["audio_volume"] == "0.6"


def test_switched_off_robot_is_offline(server: MoxieServer, moxie: VirtualMoxie) -> None:
    switch_on(moxie)
    moxie.stop()
    wait_until(lambda: not online(), "the departure")


def test_robot_replacing_its_own_connection_stays_online(
    server: MoxieServer, moxie: VirtualMoxie, broker_settings: Broker
) -> None:
    switch_on(moxie)
    again = VirtualMoxie(DEVICE, broker_settings.host, broker_settings.port, tls=False)
    moxie._client.reconnect_delay_set(60, 60)  # otherwise the two would evict each other forever
    try:
        switch_on(again)
        moxie.wait_for(lambda robot: not robot.is_connected)
        again.query("license")  # the hive works in order, so it knows of the eviction by then
        again.wait_for(lambda robot: robot.commands)
        assert online()
    finally:
        again.stop()


def test_robot_connected_before_the_hive_is_found(
    broker_settings: Broker, moxie: VirtualMoxie, request: pytest.FixtureRequest
) -> None:
    moxie.start()
    moxie.wait_for(lambda robot: robot.is_connected)
    request.getfixturevalue("server")
    moxie.publish_state()
    moxie.wait_for(lambda robot: robot.config)
    wait_until(online, "its row")


def test_saved_configuration_arrives_at_once(
    server: MoxieServer, moxie: VirtualMoxie, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_on(moxie)
    # Not by the next look for changes of other processes.
    monkeypatch.setattr("hive.mqtt.robot_repository.REFRESH_SECONDS", 3600.0)
    server.config_changed()
    robot = Robot.objects.get()
    robot.config = {"audio_volume": "0.9"}
    robot.save()
    moxie.wait_for(lambda robot: robot.config["audio_volume"] == "0.9")

    common = Configuration.load()
    common.config = {"screen_brightness": "0.1"}
    common.save()
    moxie.wait_for(lambda robot: robot.config["screen_brightness"] == "0.1")


def test_configuration_saved_by_another_process_arrives(
    server: MoxieServer, moxie: VirtualMoxie
) -> None:
    switch_on(moxie)
    Robot.objects.update(nickname="Lucía")  # update() sends no signals, like another process
    moxie.wait_for(lambda robot: robot.config["child_pii"]["nickname"] == "Lucía")


def test_puppet_mode_speaks_through_the_robot_and_the_mirror(
    server: MoxieServer, moxie: VirtualMoxie, listen: Listen
) -> None:
    loudspeaker = listen("moxie/tts/text/#")
    switch_on(moxie)
    robot = Robot.objects.get()
    robot.puppet_mode = True
    robot.save()
    moxie.wait_for(lambda robot: robot.is_puppet and robot.state == "READY")

    assert server.send_telehealth_speech(DEVICE, "Hola, soy Moxie", "happy", 0.8)

    moxie.wait_for(lambda robot: robot.said == ["Hola, soy Moxie"])
    assert moxie.spoken_commands() == ["Hola, soy Moxie"]
    (message,) = wait_until(lambda: mirrored(loudspeaker), "the mirrored words")
    assert (message["text"], message["source"]) == ("Hola, soy Moxie", "puppet_mode")
    assert (message["mood"], message["intensity"]) == ("happy", 0.8)
    wait_until(lambda: Robot.objects.get().puppet_state == "READY", "the reported state")

    robot.puppet_mode = False
    robot.save()
    moxie.wait_for(lambda robot: not robot.is_puppet)
    wait_until(lambda: Robot.objects.get().puppet_state == "EXITING", "the reported end")


def test_sent_and_own_robot_speech_are_mirrored_once(
    server: MoxieServer, moxie: VirtualMoxie, listen: Listen
) -> None:
    loudspeaker = listen("moxie/tts/text/#")
    switch_on(moxie)

    server.send_telehealth_speech(DEVICE, "De nosotros")
    moxie.wait_for(lambda robot: robot.said == ["De nosotros"])
    moxie.say_own("Del robot")
    wait_until(lambda: "Del robot" in str(mirrored(loudspeaker)), "the robot's own words")

    # The robot reported both in this order, and the hive works in order.
    texts = [(message["text"], message["source"]) for message in mirrored(loudspeaker)]
    assert sorted(texts) == [("De nosotros", "puppet_mode"), ("Del robot", "system")]


def test_interrupt_stops_the_robot_and_the_loudspeaker(
    server: MoxieServer, broker_settings: Broker, listen: Listen
) -> None:
    loudspeaker = listen("moxie/tts/control")
    slow = VirtualMoxie(
        DEVICE, broker_settings.host, broker_settings.port, tls=False, seconds_per_character=10
    )
    heard: list[tuple[str, str]] = []
    slow.on_event = lambda kind, words: heard.append((kind, words))
    try:
        switch_on(slow)
        server.send_telehealth_speech(DEVICE, "Una frase larga")
        slow.wait_for(lambda robot: ("says", "Una frase larga") in heard)
        server.send_telehealth_interrupt(DEVICE)
        slow.wait_for(lambda robot: ("said", "Una frase larga") in heard)
        assert slow.said == []
        control = wait_until(lambda: loudspeaker.payloads("moxie/tts/control"), "the control")
        assert json.loads(control[0]) == {"action": "interrupt", "device_id": DEVICE}
    finally:
        slow.stop()


def test_conversation_is_answered_and_mirrored(
    server: MoxieServer, moxie: VirtualMoxie, listen: Listen
) -> None:
    loudspeaker = listen("moxie/tts/text/#")
    switch_on(moxie)
    module = ChatModule.objects.get(lang="es")

    moxie.prompt()
    moxie.wait_for(lambda robot: robot.said == [module.opener])
    event_id = moxie.hear("Hoy vi un gato")
    reply = module.replies.splitlines()[0]
    moxie.wait_for(lambda robot: robot.said == [module.opener, reply])

    name, answer = moxie.commands[-1]
    assert (name, answer["event_id"]) == ("remote_chat", event_id)
    assert answer["input_speech"] == "Hoy vi un gato"
    wait_until(lambda: len(mirrored(loudspeaker)) == 2, "both answers")
    assert {message["source"] for message in mirrored(loudspeaker)} == {"chat"}


def test_foreign_module_gets_fallback_mirrored_from_robot_report(
    server: MoxieServer, moxie: VirtualMoxie, listen: Listen
) -> None:
    loudspeaker = listen("moxie/tts/text/#")
    switch_on(moxie)
    moxie.module_id = "STORY"
    moxie.hear("Hola")

    fallback = Configuration.load().chat_fallback
    moxie.wait_for(lambda robot: robot.said == [fallback])
    (message,) = wait_until(lambda: mirrored(loudspeaker), "the words")
    assert (message["text"], message["source"]) == (fallback, "system")


def test_questions_are_answered(server: MoxieServer, moxie: VirtualMoxie) -> None:
    switch_on(moxie)
    request_id = moxie.query("license")
    moxie.ask_modules()
    moxie.wait_for(lambda robot: len(robot.commands) == 2)

    answers = dict(moxie.commands)
    assert answers["query_result"]["request_id"] == request_id
    assert answers["query_result"]["license_values"] == []
    modules = answers["remote_chat"]["query_data"]["modules"]
    assert [module["info"]["id"] for module in modules] == [conf.HIVE_CHAT_MODULE]


def test_sleeping_robot_is_woken_up(server: MoxieServer, moxie: VirtualMoxie) -> None:
    switch_on(moxie)
    moxie.sleep()
    assert server.send_wakeup(DEVICE)
    moxie.wait_for(lambda robot: robot.is_awake)


def test_hive_announces_presence_answers_pings_and_leaves(
    server: MoxieServer, listen: Listen
) -> None:
    listener = listen(f"{HEALTH_TOPIC}/#")
    listener.publish(HEALTH_TOPIC, json.dumps({"type": "ping", "id": "p1", "component": "test"}))

    def pong() -> dict[str, Any] | None:
        answers = [json.loads(payload) for payload in listener.payloads(HEALTH_TOPIC)]
        return next((answer for answer in answers if answer["type"] == "pong"), None)

    answer = wait_until(pong, "the pong")
    assert answer is not None
    assert (answer["id"], answer["component"], answer["status"]) == ("p1", "hive", "ok")

    def presence() -> list[str]:
        payloads = listener.payloads(f"{HEALTH_TOPIC}/hive")
        return [json.loads(payload)["status"] for payload in payloads]

    wait_until(lambda: presence() == ["online"], "the birth")
    server.stop()
    wait_until(lambda: presence() == ["online", "offline"], "the goodbye")


def test_unreadable_messages_do_not_stop_the_next(
    server: MoxieServer, moxie: VirtualMoxie, listen: Listen
) -> None:
    switch_on(moxie)
    stranger = listen()
    here = f"/devices/{DEVICE}"
    for payload in (b"\xff\xfe", b"[]", b"{", b"", b'{"subtopic": "query", "query": {}}', b"null"):
        for name in ("state", "events/remote-chat", "events/client-service-activity-log"):
            stranger.publish(f"{here}/{name}", payload)
    stranger.publish(f"{here}/events/remote-chat", b'{"backend":"router","command":"notify"}')

    moxie.prompt()
    moxie.wait_for(lambda robot: robot.said)


def test_robots_are_offline_until_the_broker_returns(
    server: MoxieServer, moxie: VirtualMoxie, mosquitto: Broker
) -> None:
    switch_on(moxie)
    mosquitto.process.close()
    wait_until(lambda: not online(), "the loss")
    assert not server.send_wakeup(DEVICE)
    assert server.health()["ok"] is False

    moxie.config = {}
    mosquitto.start()
    moxie.wait_for(lambda robot: robot.config)
    wait_until(online, "its row")
