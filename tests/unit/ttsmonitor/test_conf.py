"""Settings: environment, then Django's, then the default; read when used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from hive import checks as hive_checks
from hive.broker.mosquitto_config import make_certificate
from hive.conf import conf as hive_conf
from tests.support.tools import free_port
from ttsmirror.exceptions import BrokerError
from ttsmirror.mqtt.connection import MQTTConnection
from ttsmonitor import checks as tts_checks
from ttsmonitor.checks import check_settings
from ttsmonitor.conf import conf


def test_the_environment_wins_then_djangos_settings_then_the_default(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert conf.TTS_TTL == 120
    settings.TTS_TTL = 60
    assert conf.TTS_TTL == 60
    monkeypatch.setenv("TTS_TTL", "30")
    assert conf.TTS_TTL == 30


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MQTT_PORT", "many", "MQTT_PORT='many': give a whole number"),
        ("TTS_DRAIN_SECONDS", "soon", "give a number"),
        ("MQTT_TLS", "maybe", "give 1 or 0"),
        ("MQTT_TOPIC", "moxie/\udcff", "MQTT_TOPIC: give UTF-8 text"),
        ("MQTT_PASSWORD", "geheim\udcff", "^MQTT_PASSWORD: give UTF-8 text.$"),
    ],
)
def test_what_cannot_be_read_is_named_here_and_by_the_system_check(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=said):
        getattr(conf, name)
    assert [error.id for error in check_settings()] == ["ttsmonitor.E001"]


@pytest.mark.parametrize("name", ["MOXIE_REQUIRE_LOGIN", "MQTT_HOST", "MQTT_QOS"])
def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    default = getattr(conf, name)
    monkeypatch.setenv(name, "")
    assert default and getattr(conf, name) == default
    assert check_settings() == []


def test_every_number_has_its_range_and_the_defaults_are_in_it() -> None:
    ranges = tts_checks.RANGES | hive_checks.RANGES
    numbers = {
        name: getattr(app, name)
        for app in (conf, hive_conf)
        for name in app.names()
        if type(getattr(app, name)) in (int, float)
    }
    assert ranges.keys() == numbers.keys()
    assert all(low <= numbers[name] <= high for name, (low, high) in ranges.items())


@pytest.mark.parametrize(
    ("name", "value", "check_id"),
    [
        ("MQTT_PORT", "0", "ttsmonitor.E004"),
        ("HTTP_PORT", "65536", "ttsmonitor.E004"),
        ("TTS_TTL", "-1", "ttsmonitor.E004"),
        ("TTS_RETRY_SECONDS", "nan", "ttsmonitor.E004"),
        ("TTS_OUTBOX_HOURS", "inf", "ttsmonitor.E004"),
        ("MQTT_TOPIC", "moxie/tts", "ttsmonitor.E006"),
        ("MQTT_TOPIC", "moxie/system/health", "ttsmonitor.E006"),
        ("MQTT_HOST", "mqtt://localhost", "ttsmonitor.E008"),
        ("MQTT_HOST", "localhost:1883", "ttsmonitor.E008"),
        ("MQTT_HOST", "a..b", "ttsmonitor.E008"),
        ("HTTP_HOST", "0.0.0.0 ", "ttsmonitor.E008"),
        ("TTS_ENGINE", "parrot", "ttsmonitor.E002"),
        ("TTS_AUDIO", "wav,trumpet", "ttsmonitor.E003"),
        ("MQTT_QOS", "3", "ttsmonitor.E004"),
        ("MQTT_TOPIC", "moxie/#", "ttsmonitor.E005"),
    ],
)
def test_what_does_not_exist_is_an_error_with_the_choices(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, check_id: str
) -> None:
    assert check_settings() == []
    monkeypatch.setenv(name, value)
    (error,) = check_settings()
    assert error.id == check_id and error.hint


@pytest.mark.parametrize("host", ["localhost", "10.0.0.1", "::1", "hive.local", "mqtt_1"])
def test_what_a_host_may_be(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("MQTT_HOST", host)
    assert check_settings() == []


def test_certificates_have_to_be_there_where_they_are_wanted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    monkeypatch.setenv("MQTT_CA_CERTS", str(file))
    assert check_settings() == []
    monkeypatch.setenv("MQTT_TLS", "1")
    for content in (None, "no certificate"):
        if content is not None:
            file.write_text(content)
        (error,) = check_settings()
        assert error.id == "ttsmonitor.E007" and str(file) in error.msg
        with pytest.raises(BrokerError, match="MQTT_CA_CERTS"):
            MQTTConnection("test").start()
    file.write_text(make_certificate(["localhost"])[0])
    assert check_settings() == []
    connection = MQTTConnection("test", host="127.0.0.1", port=free_port())
    connection.start()
    connection.stop()


def test_paths_start_at_the_root_and_the_defaults_in_the_work_directory(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.WORK_DIR = tmp_path
    assert conf.path("TTS_VOICE_DIR") == tmp_path / "voices"
    monkeypatch.setenv("TTS_VOICE_DIR", "elsewhere")
    assert conf.path("TTS_VOICE_DIR") == settings.PROJECT_ROOT / "elsewhere"
    monkeypatch.setenv("TTS_VOICE_DIR", "/voices")
    assert conf.path("TTS_VOICE_DIR") == Path("/voices")


def test_our_prefix_wins_over_a_name_that_is_another_projects(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.MQTT_PORT = 8883
    monkeypatch.setenv("MQTT_HOST", "theirs")
    assert (conf.MQTT_HOST, conf.MQTT_PORT) == ("theirs", 8883)
    settings.MOXIE_TTS_MQTT_HOST = "ours"
    settings.MOXIE_TTS_MQTT_PORT = "1884"
    assert (conf.MQTT_HOST, conf.MQTT_PORT) == ("ours", 1884)
    monkeypatch.setenv("MOXIE_TTS_MQTT_PORT", "1885")
    assert conf.MQTT_PORT == 1885
    monkeypatch.setenv("MOXIE_TTS_MQTT_PORT", "abc")
    with pytest.raises(ImproperlyConfigured, match="MOXIE_TTS_MQTT_PORT='abc'"):
        _ = conf.MQTT_PORT
