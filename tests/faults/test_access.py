"""Wrong passwords and denied topics are reported and can be repaired."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from hive.broker.access import Account
from hive.broker.mosquitto_config import password_line
from tests.conftest import Broker
from tests.faults.parts import history, product_broker, speech_service
from tests.support.hive import connected_hive, started_hive
from tests.support.tools import Stopwatch, wait_until
from ttsmirror.models import OutboxEntry

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
ACCOUNT = {"username": "moxie", "password": "geheim"}


@pytest.fixture
def mosquitto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """Run a broker with an account, set in the settings."""
    monkeypatch.setattr("ttsmirror.mqtt.connection.RECONNECT_SECONDS", (0.05, 0.1))
    monkeypatch.setenv("MQTT_USERNAME", ACCOUNT["username"])
    monkeypatch.setenv("MQTT_PASSWORD", ACCOUNT["password"])
    with product_broker(tmp_path / "broker", **ACCOUNT) as broker:
        yield broker


def test_wrong_password_is_named_and_blocks_no_caller(
    broker_settings: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MQTT_PASSWORD", "a new one")
    with started_hive() as server:
        wait_until(lambda: "refused" in server.health()["checks"]["broker"]["detail"], "the cause")
        with Stopwatch() as watch:
            assert not server.send_telehealth_speech(DEVICE, "Hola")
        assert watch.seconds < 1
        wait_until(lambda: OutboxEntry.objects.exists(), "the sentence to be kept")
        wait_until(lambda: "refused the connection: Not authorized" in caplog.text, "its line")
        assert "a new one" not in caplog.text
        line = password_line(Account(ACCOUNT["username"], "a new one"))
        (broker_settings.config.parent / "passwords").write_text(line)
        broker_settings.process.signal(signal.SIGHUP)
        with speech_service():
            wait_until(lambda: history() == ["Hola"], "the sentence")
            wait_until(lambda: server.health()["ok"], "a healthy hive")


def allow(broker: Broker, *rules: str) -> None:
    """Set the account's access rules."""
    access = broker.config.parent / "local.acl"
    access.write_text("\n".join((f"user {ACCOUNT['username']}", *rules, "")))


@pytest.fixture
def guarded(broker_settings: Broker) -> Broker:
    """Give the account every right but publishing speech."""
    allow(broker_settings, "topic readwrite #", "topic deny moxie/tts/text/#")
    config = broker_settings.config
    config.write_text(config.read_text() + "log_type information\n")
    broker_settings.process.close()
    broker_settings.start()
    return broker_settings


def test_denied_topic_is_named_and_loses_no_sentence(
    guarded: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("hive.mqtt.moxie_server.TICK_SECONDS", 0.1)
    monkeypatch.setenv("TTS_RETRY_SECONDS", "0.5")
    with speech_service(), connected_hive() as server:
        server.send_telehealth_speech(DEVICE, "denegado")
        check = wait_until(
            lambda: [each for each in [server.health()["checks"]["mirror"]] if not each["ok"]],
            "the cause",
        )[0]
        wait_until(
            lambda: (
                "forbid this account to publish on moxie/tts/text"
                in server.health()["checks"]["mirror"]["detail"]
            ),
            "the denial to be named",
        )
        assert check["waiting"] == 1
        wait_until(lambda: server.speech.describe()["is_unheard"], "the pages to be told")
        assert not history()
        monkeypatch.setenv("TTS_RETRY_SECONDS", "3600")
        allow(guarded, "topic readwrite #")
        guarded.process.signal(signal.SIGHUP)
        guarded.process.wait_for_line("Reloading config")
        server.send_telehealth_speech(DEVICE, "permitido")
        wait_until(lambda: len(history()) == 2, "both, the first one because of the second")
        wait_until(lambda: server.health()["checks"]["mirror"]["waiting"] == 0, "the confirmations")
        wait_until(lambda: server.health()["ok"], "a healthy hive")
    assert sorted(history()) == ["denegado", "permitido"]
    assert caplog.text.count("are not confirmed") == 1
