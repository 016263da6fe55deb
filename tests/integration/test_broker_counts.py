"""The statistics of a real broker with the configuration of run_broker."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hive.broker.access import Account
from hive.broker.mosquitto_config import write_config
from tests.support.tools import (
    answers,
    free_port,
    running,
    wait_until,
)
from ttsmirror.mqtt.connection import MQTTConnection, Received
from ttsmonitor.intake.broker_counts import TOPICS, BrokerCounts

ACCOUNT = {"username": "speech", "password": "a-long-password"}


def test_speech_account_can_read_broker_statistics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, counts = free_port(), BrokerCounts()
    config = write_config(
        tmp_path,
        host="127.0.0.1",
        port=port,
        tls_port=free_port(),
        account=Account(ACCOUNT["username"], ACCOUNT["password"]),
    )
    config.write_text(f"{config.read_text()}\nsys_interval 1\n")  # the usual is 10 s
    monkeypatch.setenv("MQTT_USERNAME", ACCOUNT["username"])
    monkeypatch.setenv("MQTT_PASSWORD", ACCOUNT["password"])

    def hear(message: Received) -> None:
        counts.hear(message.topic, message.payload)

    link = MQTTConnection(
        "counting",
        host="127.0.0.1",
        port=port,
        subscriptions=[(topic, 0) for topic in TOPICS],
        on_message=hear,
    )
    with running([shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(config)]):
        wait_until(lambda: answers(port), "the broker")
        link.start()
        try:
            wanted = ("messages_received", "version", "clients")  # one message each
            wait_until(lambda: all(counts.report()[name] for name in wanted), "the counts")
            report = counts.report()
        finally:
            link.stop()
    assert report["available"]
    assert "mosquitto" in report["version"]
