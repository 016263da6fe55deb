"""The doctor at a real Mosquitto: each fault of the chain is made, and its cause named."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from hive.broker.access import Account
from hive.broker.mosquitto_config import password_line
from hive.broker.run import find_mosquitto
from tests.support.certificates import write_certificate
from tests.support.components import component, failing
from tests.support.tools import Listener, Process, answers, free_port, manage, running, wait_until
from ttsmirror.conf import conf
from ttsmirror.reasons import Reason
from ttsmirror.wire.messages import HEALTH_TOPIC, STATUS_TOPIC, presence_payload
from ttsmonitor.doctor.base import Level, Result
from ttsmonitor.doctor.registry import run_checks
from ttsmonitor.system.lock import Service, only_one

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNTS = ("all", "no_write", "no_read", "no_health")
ACL = """
topic readwrite #
topic read $SYS/#
user all
topic readwrite #
topic read $SYS/#
user no_write
topic readwrite moxie/system/#
topic read moxie/tts/#
user no_read
topic readwrite moxie/system/#
topic write moxie/tts/#
user no_health
topic write moxie/tts/#
topic read moxie/#
"""


class Chain:
    """A real broker with TLS, accounts and access rules."""

    def __init__(self, directory: Path) -> None:
        self.port, self.tls_port = free_port(), free_port()
        self.certificate = write_certificate(directory / "server.pem", ends_in_days=400)
        self.soon = write_certificate(directory / "soon.pem", ends_in_days=5)
        (directory / "acl").write_text(ACL)
        lines = [password_line(Account(name, "right", is_random=True)) for name in ACCOUNTS]
        (directory / "passwords").write_text("".join(lines))
        config = directory / "mosquitto.conf"
        common = (
            f"allow_anonymous true\npassword_file {directory}/passwords\nacl_file {directory}/acl\n"
        )
        config.write_text(
            "per_listener_settings true\nuser root\nlog_dest topic\nlog_type all\n"
            f"listener {self.port} 127.0.0.1\n{common}"
            f"listener {self.tls_port} 127.0.0.1\n{common}"
            f"certfile {self.soon}\nkeyfile {self.soon}\n"
        )
        self.process = Process([find_mosquitto() or "mosquitto", "-c", str(config)])
        wait_until(lambda: answers(self.port) and answers(self.tls_port), "the broker")

    def hive(self, **options: Any) -> Any:
        return component(self.port, "hive", **options)

    def speech(self, **options: Any) -> Any:
        return component(self.port, "tts-subscriber", **options)

    @contextmanager
    def both(self) -> Iterator[None]:
        """Have hive and speech service at the broker."""
        with self.hive(), self.speech():
            yield

    @contextmanager
    def left_over(self, topic: str, payload: bytes) -> Iterator[None]:
        """Have a retained message at the broker."""
        client = Listener(self.port)
        client.publish(topic, payload, retain=True)
        yield
        client.publish(topic, b"", retain=True)
        client.close()


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    made = Chain(tmp_path_factory.mktemp("chain"))
    yield made
    made.process.close()


@pytest.fixture(autouse=True)
def at_the_chain(chain: Chain, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MQTT_HOST", "localhost")
    monkeypatch.setenv("MQTT_PORT", str(chain.port))
    monkeypatch.setenv("MQTT_SSL_PORT", str(chain.tls_port))
    monkeypatch.setenv("HTTP_PORT", str(free_port()))
    monkeypatch.setenv("HIVE_PORT", str(free_port()))
    monkeypatch.setattr("ttsmonitor.doctor.broker_visit.LEAST_SECONDS", 0.3)
    monkeypatch.setattr("ttsmonitor.doctor.broker_visit.MOST_SECONDS", 1.5)
    monkeypatch.setattr("ttsmirror.mqtt.access_probe.ANSWER_SECONDS", 0.7)


def faults(results: list[Result]) -> dict[str, str]:
    return named(results, Level.FAULT)


def warnings(results: list[Result]) -> dict[str, str]:
    return named(results, Level.WARNING)


def named(results: list[Result], level: Level) -> dict[str, str]:
    """Return what the findings of a level say, by check."""
    found: dict[str, list[str]] = {}
    for result in results:
        for each in result.findings:
            if each.level == level:
                found.setdefault(result.check.id, []).append(str(each.reason))
    return {check: "; ".join(sentences) for check, sentences in found.items()}


def test_whole_chain_has_no_fault(chain: Chain) -> None:
    with chain.both():
        results = run_checks()
    assert faults(results) == {}
    assert warnings(results).keys() <= {"certificate", "voice", "memory", "files"}
    assert "expires in" in warnings(results)["certificate"]


def test_missing_publisher_is_named(chain: Chain) -> None:
    with chain.speech():
        assert faults(run_checks()).keys() == {"publisher"}


def test_missing_subscriber_is_named(chain: Chain) -> None:
    with chain.hive():
        (found,) = faults(run_checks()).items()
    assert found[0] == "subscriber"
    assert "no speech service is at the broker" in found[1]


def test_service_at_another_broker_is_named(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    with chain.speech(), only_one(conf.work_dir, Service.HIVE):
        monkeypatch.setenv("MQTT_TOPIC", "moxie/tts/text")  # unlike this process at its start
        found = faults(run_checks())["publisher"]
    assert f"runs here (process {os.getpid()}) but is not at the broker" in found
    assert "it was started with " in found


def test_hung_speech_service_is_named(chain: Chain) -> None:
    with chain.hive(), chain.speech(is_silent=True):
        found = faults(run_checks())
    assert found.keys() == {"subscriber"}
    assert "does not answer: it hangs" in found["subscriber"]


def test_retained_sentence_is_found_and_removed_by_mend(
    chain: Chain, capsys: pytest.CaptureFixture[str]
) -> None:
    muted = {"status": "idle", "alerts": ["muted"], "queue_size": 0}
    listener = Listener(chain.port, "moxie/tts/control")
    with (
        chain.both(),
        chain.left_over("moxie/tts/text", b"Hola otra vez"),
        chain.left_over(STATUS_TOPIC, json.dumps(muted).encode()),
    ):
        found = warnings(run_checks())
        assert "left on moxie/tts/text" in found["retained"]
        assert found["subscriber"] == "the sound is muted"
        call_command("tts_doctor", "--mend")
        printed = capsys.readouterr()
        assert "Messages sent that mend something: 2." in printed.err
        assert "left on" not in printed.out
    assert json.loads(listener.payloads("moxie/tts/control")[0])["action"] == "unmute"
    listener.close()


def test_second_services_are_named(chain: Chain) -> None:
    with ExitStack() as stack:
        for make in (chain.hive, chain.speech):
            stack.enter_context(make(instance="1.a"))
            stack.enter_context(make(instance="2.b"))
        found = faults(run_checks())
    assert found.keys() == {"rivals"}
    assert "another hive" in found["rivals"]
    assert "another tts-subscriber" in found["rivals"]


def test_copied_work_directory_is_named(chain: Chain) -> None:
    with chain.hive(instance="1.a"), chain.hive(instance="1.b"), chain.speech():
        found = faults(run_checks())
    assert found.keys() == {"client-ids"}
    assert "copies of one work directory" in found["client-ids"]


def test_clients_that_evict_each_other_are_named(chain: Chain) -> None:
    twins = [Listener(chain.port, client_id="moxie-twin") for _ in range(2)]
    with chain.both():
        found = faults(run_checks())
    for twin in twins:
        twin.close()
    assert found.keys() == {"client-ids"}
    assert "two clients connect as moxie-twin" in found["client-ids"]


def test_what_services_report_is_passed_on(chain: Chain) -> None:
    full = failing(Reason("the outbox cannot be written: {cause}", cause="full"))
    checks = {"mirror": full | {"lost": 3}}
    silent = {
        "audio": failing(Reason("the sound device accepts no sound: is it suspended?")),
        "synthesis": failing(Reason("the process is not running")),
        "queue": failing("stuck"),
    }
    with chain.hive(checks=checks), chain.speech(checks=silent):
        results = run_checks()
    found = faults(results)
    assert found == {
        "publisher": "the outbox cannot be written: full",
        "subscriber": "stuck",
        "voice": "the process is not running",
        "sound": "the sound device accepts no sound: is it suspended?",
    }
    assert warnings(results)["publisher"].startswith("sentences that were given up: 3")
    (sound,) = (each for each in results if each.check.id == "sound")
    assert sound.findings[0].command.startswith("pactl suspend-sink")


def test_other_topic_version_and_clock_are_named(chain: Chain) -> None:
    with chain.hive(topic="other/topic", version="0.0.1"), chain.speech(ahead_seconds=600):
        results = run_checks()
    assert "MQTT_TOPIC is other/topic for the hive" in faults(results)["publisher"]
    assert "hive has version 0.0.1" in warnings(results)["versions"]
    assert "tts-subscriber and this one's differ by 600 s" in warnings(results)["clocks"]


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ("no_write", "forbid this account to publish on moxie/tts/text"),
        ("no_read", "forbid this account to read moxie/tts/text"),
        ("no_health", "forbid this account to publish on moxie/system/health"),
    ],
)
def test_access_rules_are_named(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, account: str, words: str
) -> None:
    monkeypatch.setenv("MQTT_USERNAME", account)
    monkeypatch.setenv("MQTT_PASSWORD", "right")
    with chain.both():
        found = faults(run_checks())
    assert found.keys() == {"access"}
    assert words in found["access"]


def test_wrong_password_is_named(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_USERNAME", "all")
    monkeypatch.setenv("MQTT_PASSWORD", "wrong")
    (found,) = faults(run_checks()).items()
    assert found[0] == "broker"
    assert "check MQTT_USERNAME and MQTT_PASSWORD" in found[1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho's socket
def test_untrusted_certificate_is_named(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_TLS", "1")
    assert "does not have the authority that signed it" in faults(run_checks())["broker"]
    monkeypatch.setenv("MQTT_CA_CERTS", str(chain.soon))
    monkeypatch.setenv("MQTT_HOST", "127.0.0.1")
    assert "127.0.0.1 does not stand in it" in faults(run_checks())["broker"]


def test_program_that_is_no_broker_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttsmonitor.doctor.broker_visit.ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("MQTT_PORT", str(silent.getsockname()[1]))
        found = faults(run_checks())
    assert found.keys() == {"broker"}
    assert "it is no MQTT broker, or it hangs" in found["broker"]


def test_unknown_host_and_missing_broker_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_PORT", str(free_port()))
    results = run_checks()
    assert "nothing listens there" in faults(results)["broker"]
    (broker,) = (each for each in results if each.check.id == "broker")
    assert broker.findings[0].command.endswith("script/server")
    monkeypatch.setenv("MQTT_HOST", "no-such-host.invalid")
    assert "is unknown: check MQTT_HOST" in faults(run_checks())["broker"]


def test_stopped_broker_container_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_HOST", "mqtt.invalid")
    monkeypatch.setenv("MOXIE_MANAGE", "docker compose exec tts python manage.py")
    (broker,) = (each for each in run_checks() if each.check.id == "broker")
    assert broker.findings[0].reason == "the container mqtt.invalid does not run"
    assert broker.findings[0].command == "docker compose restart mqtt"


def test_plugged_in_mirror_is_the_publisher(chain: Chain) -> None:
    topic = f"{HEALTH_TOPIC}/openmoxie"
    with chain.speech():
        with chain.left_over(topic, presence_payload("online", "openmoxie", "0.1.0", "3.c")):
            assert faults(run_checks()) == {}
        with chain.left_over(topic, presence_payload("offline", "openmoxie", "0.1.0", "3.c")):
            assert "start OpenMoxie" in faults(run_checks())["publisher"]


def test_command_speaks_the_terminals_language_without_a_database(tmp_path: Path) -> None:
    settings = {"MOXIE_WORK_DIR": str(tmp_path), "LC_ALL": "es_MX.UTF-8"}
    settings |= {"DJANGO_SETTINGS_MODULE": "openmoxie.settings", "MQTT_PORT": str(free_port())}
    with running(manage("tts_doctor"), settings) as process:
        assert process.wait() == 1
        assert "todavía no existe" in process.output
        assert "-> .venv/bin/python manage.py prepare" in process.output.replace(
            sys.executable, ".venv/bin/python"
        )
        assert "Traceback" not in process.output
    assert not list(tmp_path.glob("*.sqlite3")), "it only looks"


def test_listen_prints_topic_and_payload(chain: Chain, tmp_path: Path) -> None:
    settings = {"MOXIE_WORK_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "openmoxie.settings"}
    sender = Listener(chain.port)
    sender.publish("moxie/system/health/hive", '{"status": "offline"}', retain=True)
    with running(manage("tts_doctor", "--listen"), settings) as process:
        process.wait_for_line('moxie/system/health/hive {"status": "offline"}')
        sender.publish("moxie/tts/text", "Hola\x1b[31m\n¿qué tal?")
        process.wait_for_line("moxie/tts/text Hola\\u001b[31m\\n¿qué tal?")
        process.signal(signal.SIGINT)
        assert process.wait() == 0
    sender.publish("moxie/system/health/hive", b"", retain=True)
    sender.close()
