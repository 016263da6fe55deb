"""`manage.py say`, with a real broker."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from tests.conftest import Broker
from tests.support.tools import Listener, free_port, wait_until
from ttsmonitor.service import say


def test_say_publishes_and_reports_missing_confirmation(
    broker_settings: Broker,
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(say, "STORED_SECONDS", 0.2)
    listener = listen("moxie/tts/text")
    call_command("say", "Hola", "--voice", "es_MX-claude-high", "--lang", "es-MX", "--high")
    (payload,) = wait_until(lambda: listener.payloads("moxie/tts/text"), "the sentence")
    fields = json.loads(payload)
    assert (fields["text"], fields["voice"], fields["lang"], fields["priority"]) == (
        "Hola",
        "es_MX-claude-high",
        "es-MX",
        "high",
    )
    assert "is it running?" in capsys.readouterr().out


def test_say_wait_soon_reports_that_no_service_answers(
    broker_settings: Broker,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(say, "STORED_SECONDS", 0.2)
    call_command("say", "Hola", "--wait")
    assert f"no speech service answers at the broker 127.0.0.1:{broker_settings.port}" in (
        capsys.readouterr().out
    )


def test_say_names_what_listens_and_is_no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttsmirror.mqtt.connection.ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(say, "CONNECT_SECONDS", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("MQTT_PORT", str(silent.getsockname()[1]))
        with pytest.raises(CommandError, match="does not answer: it is no MQTT broker") as error:
            call_command("say", "Hola")
    assert "run_broker" not in str(error.value)


def test_say_without_broker_names_run_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_PORT", str(free_port()))
    monkeypatch.setattr(say, "CONNECT_SECONDS", 1.0)
    with pytest.raises(CommandError, match=r"Not sent: no broker answers at .*run_broker"):
        call_command("say", "Hola")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["  "], "nothing to say"),
        (["x" * 20_001], "20000 characters at most"),
        (["Hola", "--source", "a b"], "source is"),
        (["Hola", "--device", "a/b"], "device_id is"),
    ],
)
def test_say_names_invalid_input(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("say", *arguments)
