"""Every sentence is stored once, though the broker dies, forgets, freezes or is cut off."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Iterator

import pytest

from hive.mqtt.mqtt_tts_mirror import TTSMirrorPublisher
from tests.conftest import Broker
from tests.faults.parts import (
    CONNACK,
    PUBACK,
    PUBLISH,
    Proxy,
    frozen,
    history,
    kill,
    speech_service,
)
from tests.support.tools import PATIENCE_SECONDS, Listener, Stopwatch, wait_until
from ttsmirror.models import OutboxEntry, Utterance
from ttsmirror.mqtt.connection import MQTTConnection, Received
from ttsmirror.publishing.publisher import Listener as PublisherListener
from ttsmirror.wire.messages import Chunk

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
TEXT_TOPIC = "moxie/tts/text"
MakeMirror = Callable[..., TTSMirrorPublisher]


@pytest.fixture
def make_mirror(quick: Broker) -> Iterator[MakeMirror]:
    """Make publishers: make_mirror() connects to the broker, make_mirror(port) to a proxy."""
    made: list[TTSMirrorPublisher] = []

    def make(port: int = 0) -> TTSMirrorPublisher:
        made.append(TTSMirrorPublisher(port=port))
        return made[-1]

    yield make
    for mirror in made:
        mirror.stop(timeout_seconds=0.2)


@pytest.fixture
def proxy(mosquitto: Broker) -> Iterator[Proxy]:
    made = Proxy(mosquitto)
    yield made
    made.close()


def say(mirror: TTSMirrorPublisher, *texts: str) -> None:
    for text in texts:
        mirror.publish_text(text, source="chat", device_id="d_1")


def wait_for_history(count: int) -> None:
    """Wait until this many sentences are stored and confirmed."""
    wait_until(
        lambda: len(history()) >= count and not OutboxEntry.objects.exists(),
        f"{count} confirmed sentences",
    )


def wait_for_next_connection(link: MQTTConnection, before: int) -> None:
    """Wait until it has reconnected. `before` is its connection number before the loss."""
    # Loss and reconnect each add one; is_ready stays True until the loss is noticed.
    wait_until(lambda: link.number >= before + 2 and link.is_ready, "the next connection")


def test_sentence_survives_broker_killed_after_puback(
    quick: Broker, proxy: Proxy, make_mirror: MakeMirror
) -> None:
    with speech_service():
        pass  # the broker now keeps its session, in memory only
    mirror = make_mirror(proxy.port)
    say(mirror, "Hola")
    proxy.wait_for(PUBACK)
    before = mirror._publisher.connection.number
    kill(quick)
    quick.start()
    wait_for_next_connection(mirror._publisher.connection, before)
    assert not history()
    with speech_service():
        wait_for_history(1)
    assert history() == ["Hola"]


def test_sentences_survive_a_broker_without_its_state(
    quick: Broker, make_mirror: MakeMirror
) -> None:
    mirror = make_mirror()
    with speech_service():
        say(mirror, "uno")
        wait_for_history(1)
        kill(quick)
        (quick.config.parent / "mosquitto.db").unlink(missing_ok=True)
        say(mirror, "dos")
        quick.start()
        say(mirror, "tres")
        wait_for_history(3)
    assert sorted(history()) == ["dos", "tres", "uno"]


def test_lost_acknowledgement_makes_no_second_row(
    quick: Broker, proxy: Proxy, make_mirror: MakeMirror
) -> None:
    mirror = make_mirror(proxy.port)
    proxy.withheld.add(PUBACK)
    with speech_service():
        say(mirror, "Hola")
        proxy.wait_for(PUBACK)
        proxy.cut()
        proxy.withheld.clear()
        proxy.wait_for(PUBACK, 2)
        wait_for_history(1)
        say(mirror, "Adiós")
        wait_for_history(2)
    assert history() == ["Hola", "Adiós"]


def test_frozen_broker_blocks_no_caller_and_loses_nothing(
    quick: Broker, make_mirror: MakeMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MQTT_KEEPALIVE", "1")
    mirror = make_mirror()
    texts = [f"Frase {number}" for number in range(300)]
    with speech_service():
        say(mirror, texts[0])
        wait_for_history(1)
        with frozen(quick), Stopwatch() as watch:
            say(mirror, *texts[1:200])
            seconds = watch.seconds
            link = mirror._publisher.connection
            wait_until(lambda: not link.is_ready, "the keepalive to run out")
            before = watch.seconds
            say(mirror, *texts[200:])
            seconds += watch.seconds - before
            wait_until(lambda: OutboxEntry.objects.count() == len(texts) - 1, "the outbox")
        wait_for_history(len(texts))
    assert seconds < 1
    assert sorted(history()) == sorted(texts)


def test_sentences_beyond_the_client_queue_are_sent_later(
    quick: Broker, make_mirror: MakeMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsmirror.mqtt.connection.MAX_QUEUED", 5)
    monkeypatch.setenv("TTS_RETRY_SECONDS", "0.1")
    mirror = make_mirror()
    sent: list[str] = []
    mirror.add_listener(PublisherListener(on_sent=sent.append))
    texts = [f"Frase {number}" for number in range(8)]
    with speech_service():
        mirror.start()
        wait_until(lambda: mirror._publisher.connection.is_ready, "the publisher")
        with frozen(quick):
            say(mirror, *texts)
            wait_until(lambda: OutboxEntry.objects.count() == len(texts), "the outbox")
            wait_until(lambda: len(sent) == 5, "those that fit")
        wait_for_history(len(texts))
    assert sorted(history()) == texts


def test_retained_sentence_is_kept_once_and_not_spoken(
    quick: Broker, proxy: Proxy, listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = listen()
    sender.publish(TEXT_TOPIC, "sin id", retain=True)
    named = Chunk(utterance_id=uuid.uuid4(), text="con id")
    sender.publish(f"{TEXT_TOPIC}/d_1", named.to_payload(), retain=True)
    monkeypatch.setenv("MQTT_PORT", str(proxy.port))
    with speech_service() as service:
        for number in range(3):
            # Published after the subscription, so it arrives behind the retained message.
            sender.publish(TEXT_TOPIC, f"marca {number}")
            wait_until(lambda n=number: f"marca {n}" in history(), "the mark")  # type: ignore[misc]
            before = service.connection.number
            proxy.cut()
            wait_for_next_connection(service.connection, before)
    kept = dict(Utterance.objects.exclude(text__startswith="marca").values_list("text", "status"))
    assert kept == {"sin id": "skipped", "con id": "skipped"}
    assert len(history()) == 3 + 2


def test_acknowledgement_does_not_reach_another_connection(
    quick: Broker, proxy: Proxy, listen: Callable[..., Listener]
) -> None:
    """Message ids restart at 1 per session, so a late acknowledgement would hit a wrong message."""
    came: list[Received] = []
    arguments = {"on_message": came.append, "durable": True, "manual_ack": True}
    topics = [(TEXT_TOPIC, 1)]
    link = MQTTConnection("keeper", port=proxy.port, subscriptions=topics, **arguments)  # type: ignore[arg-type]
    link.start()
    assert link.wait_ready(PATIENCE_SECONDS)
    listen().publish(TEXT_TOPIC, "viejo")
    wait_until(lambda: came, "the old message")
    kill(quick)
    proxy.withheld.add(CONNACK)
    quick.start()
    proxy.wait_for(CONNACK, 2)
    link.acknowledge(came[0])  # the next connection is being made
    link.publish("elsewhere", b"", qos=1)
    wait_until(lambda: PUBLISH in proxy.sent, "what comes behind the acknowledgement")
    proxy.withheld.clear()
    proxy.cut()
    wait_until(lambda: link.is_ready, "the new connection")
    sender = Listener(quick.port)
    sender.publish(TEXT_TOPIC, "nuevo")
    sender.close()
    wait_until(lambda: len(came) == 2, "the new message")
    assert came[0].mid == came[1].mid
    link.acknowledge(came[0])
    link.stop()  # an acknowledgement would be out by now
    assert PUBACK not in proxy.sent
    again = MQTTConnection("keeper", **arguments)  # type: ignore[arg-type]
    again.start()
    try:
        wait_until(lambda: len(came) == 3, "the message that nobody has acknowledged")
    finally:
        again.stop()
    assert [each.payload for each in came] == [b"viejo", b"nuevo", b"nuevo"]


def test_service_still_hears_after_many_restarts(
    quick: Broker, listen: Callable[..., Listener]
) -> None:
    """The broker sends nothing more once 20 messages of a session are not acknowledged."""
    came: list[Received] = []

    def keeper() -> MQTTConnection:
        link = MQTTConnection(
            "keeper",
            port=quick.port,
            subscriptions=[(TEXT_TOPIC, 1)],
            on_message=came.append,
            component="keeper",
            durable=True,
            manual_ack=True,
        )
        link.start()
        assert link.wait_ready(PATIENCE_SECONDS)
        return link

    for _ in range(25):
        keeper().stop()
    listen().publish(TEXT_TOPIC, "sigue ahí")
    link = keeper()
    try:
        wait_until(lambda: came, "the message", 10)
    finally:
        link.stop()


def test_unresponsive_host_does_not_delay_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttsmirror.mqtt.connection.LEAVE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        port = silent.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):  # fills the backlog
            link = MQTTConnection("stranger", port=port, host="127.0.0.1")
            link.start()
            wait_until(lambda: link._thread, "its attempt")
            with Stopwatch() as watch:
                link.stop(0.2)
            assert watch.seconds < 3  # a connect times out after 5 s
            silent.accept()[0].close()
