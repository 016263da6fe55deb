"""Reports to /health and systemd while a part is broken."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.conftest import Broker
from tests.faults.parts import Proxy, frozen
from tests.support.hive import connected_hive
from tests.support.tools import PATIENCE_SECONDS, free_port, running, wait_until
from ttsmirror.models import Utterance
from ttsmirror.mqtt.access_probe import may_read
from ttsmirror.mqtt.loopback_probe import DENIED, NOT_DELIVERED, UNREADABLE
from ttsmonitor.service.service import SpeechService
from ttsmonitor.speaking.speaker import Speaker
from ttsmonitor.system.watchdog import EXIT_CODE

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
Status = Utterance.Status
ALL_BUT_HEALTH = "topic readwrite moxie/tts/#\n"
WATCHDOG_SECONDS = 0.3
ITS_SPEAKER_CAN_BE_ENDED = """
import pathlib, sys
sys.path.insert(0, "site")
import django
django.setup()
from ttsmonitor.speaking import speaker
from ttsmonitor.system import watchdog

def end(self):
    if pathlib.Path(sys.argv[1]).exists():
        raise SystemExit

speaker.IDLE_SECONDS = speaker.MAINTENANCE_SECONDS = watchdog.TICK_SECONDS = 0.05
speaker.Speaker._maintain = end
from openmoxie.commandline import main
main(["manage.py", "run_tts_subscriber"])
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttsmonitor.service.health.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("ttsmirror.mqtt.loopback_probe.INTERVAL_SECONDS", 0.1)
    monkeypatch.setattr("ttsmirror.mqtt.loopback_probe.TIMEOUT_SECONDS", 0.5)


def check_of(reported: Callable[[], dict[str, Any]], name: str) -> Callable[[], dict[str, Any]]:
    return lambda: dict(reported()["checks"][name])


def test_both_services_report_frozen_broker_and_its_return(
    mosquitto: Broker, make_service: Callable[..., SpeechService]
) -> None:
    service = make_service("null")
    with connected_hive() as hive:
        checks = check_of(service.health, "broker"), check_of(hive.health, "broker")
        wait_until(lambda: all(check()["ok"] for check in checks), "both to be well")
        with frozen(mosquitto):
            wait_until(
                lambda: all(check()["detail"] == NOT_DELIVERED for check in checks),
                "both to notice",
            )
            assert all(check()["since"] for check in checks)
        wait_until(lambda: all(check()["ok"] for check in checks), "both to be well again")
    wait_until(lambda: service.health()["ok"], "all to be well")


def test_denied_publishing_is_named(
    mosquitto: Broker, make_service: Callable[..., SpeechService]
) -> None:
    mosquitto.config.with_name("local.acl").write_text(ALL_BUT_HEALTH)
    mosquitto.process.close()
    mosquitto.start()
    service = make_service("null")
    check = check_of(service.health, "broker")
    wait_until(lambda: check()["detail"] == DENIED, "the denial to be named")
    assert service.status()["broker"]["connected"]


def test_denied_reading_is_not_taken_for_a_hung_broker(
    mosquitto: Broker,
    make_service: Callable[..., SpeechService],
) -> None:
    rules = mosquitto.config.with_name("local.acl")
    rules.write_text(f"{ALL_BUT_HEALTH}topic write moxie/system/#\n")
    mosquitto.process.close()
    mosquitto.start()
    check = check_of(make_service("null").health, "broker")
    wait_until(lambda: check()["detail"] == UNREADABLE, "the denial to be named")
    rules.write_text("topic readwrite #\n")
    mosquitto.process.signal(signal.SIGHUP)
    wait_until(lambda: check()["ok"], "the permission to be noticed")


def test_link_that_drops_packets_is_not_called_denied(
    mosquitto: Broker, make_service: Callable[..., SpeechService], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy(mosquitto)
    monkeypatch.setenv("MQTT_PORT", str(proxy.port))
    asked: list[bool | None] = []

    def ask(*arguments: Any) -> bool | None:
        asked.append(may_read(*arguments))
        return asked[-1]

    monkeypatch.setattr("ttsmirror.mqtt.loopback_probe.may_read", ask)
    try:
        check = check_of(make_service("null").health, "broker")
        wait_until(lambda: check()["ok"], "a healthy start")
        proxy.drop_packets()
        wait_until(lambda: asked, "the question whether it may read")
        wait_until(lambda: check()["detail"] == NOT_DELIVERED, "the loss to be noticed")
        assert False not in asked
    finally:
        proxy.close()


def test_health_reports_sentences_waiting_too_long(
    make_service: Callable[..., SpeechService], monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    with monkeypatch.context() as idle:
        # Before its thread starts: it would expire the sentence unseen.
        idle.setattr(Speaker, "_process_next", lambda speaker: False)
        check = check_of(make_service("null").health, "queue")
        Utterance.objects.create(
            text="Hola",
            source="chat",
            status=Status.QUEUED,
            published_at=long_ago,
            received_at=long_ago,
        )
        wait_until(lambda: not check()["ok"], "the queue to be named")
        assert "sentences wait" in check()["detail"]
        assert check()["oldest_seconds"] >= 300
    wait_until(lambda: check()["ok"] and check()["oldest_seconds"] is None, "its turn")


def test_hung_sound_device_is_a_restart_reason(
    make_service: Callable[..., SpeechService], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsmirror.heartbeat.STALLED_SECONDS", 2.0)
    service = make_service("null")
    is_back, write = threading.Event(), service._output.write

    def hang(pcm: bytes) -> None:
        write(pcm)
        assert is_back.wait(PATIENCE_SECONDS)

    monkeypatch.setattr(service._output, "write", hang)
    now = timezone.now()
    Utterance.objects.create(
        text="Hola", source="chat", status=Status.QUEUED, published_at=now, received_at=now
    )
    hangs = "ttsmonitor.speaker does not move"
    wait_until(lambda: hangs in service.restart_reason(), "the reason")
    assert hangs in service.health()["checks"]["queue"]["detail"]
    is_back.set()
    wait_until(lambda: not service.restart_reason(), "its end")


class Systemd:
    """The receiving end of NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))

    def next(self, timeout_seconds: float = PATIENCE_SECONDS) -> str:
        """Return the next notification, or an empty string after the timeout."""
        self.socket.settimeout(timeout_seconds)
        try:
            return self.socket.recv(1024).decode()
        except TimeoutError:
            return ""


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path / "notify")
    yield made
    made.socket.close()


def test_systemd_watchdog_is_fed_until_a_dead_thread_ends_the_process(
    install: Callable[..., dict[str, str]], systemd: Systemd, tmp_path: Path
) -> None:
    environment = install(
        TTS_ENGINE="espeak",
        TTS_AUDIO="null",
        MQTT_PORT=str(free_port()),
        NOTIFY_SOCKET=str(tmp_path / "notify"),
        WATCHDOG_USEC=str(int(WATCHDOG_SECONDS * 1_000_000)),
    )
    end = tmp_path / "end"
    with running(
        [sys.executable, "-c", ITS_SPEAKER_CAN_BE_ENDED, str(end)], environment
    ) as process:
        assert systemd.next() == "READY=1"
        assert [systemd.next() for _time in range(5)] == ["WATCHDOG=1"] * 5
        end.touch()
        process.wait_for_line("the thread ttsmonitor.speaker ended: the process ends")
        assert process.wait() == EXIT_CODE
