"""Settings: sources, checks and warnings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import WARNING
from django.core.exceptions import ImproperlyConfigured

from hive import checks as hive_checks
from hive.broker.certificates import ensure_certificate
from hive.checks import check_names as check_hive_names
from hive.conf import conf as hive_conf
from hive.process.readiness import summary
from tests.support.tools import free_port
from tests.support.voice_files import describe, install
from ttsmirror.exceptions import BrokerError
from ttsmirror.mqtt.connection import MQTTConnection
from ttsmonitor import checks as tts_checks
from ttsmonitor.checks import check_names, check_settings
from ttsmonitor.conf import conf


def test_settings_prefer_environment_then_django_then_default(
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
def test_unreadable_setting_is_named_by_conf_and_check(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=said):
        getattr(conf, name)
    assert [error.id for error in check_settings()] == ["ttsmonitor.E001"]


@pytest.mark.parametrize("name", ["MOXIE_REQUIRE_LOGIN", "MQTT_HOST", "MQTT_QOS"])
def test_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    default = getattr(conf, name)
    monkeypatch.setenv(name, "")
    assert default and getattr(conf, name) == default
    assert check_settings() == []


def test_every_numeric_setting_has_range_including_default() -> None:
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
        ("TTS_LANGUAGES", "es, español", "ttsmonitor.E009"),
        ("HA_DISCOVERY_PREFIX", "home/#", "ttsmonitor.E011"),
        ("HA_DISCOVERY_PREFIX", "homeassistant/", "ttsmonitor.E011"),
        ("HA_DISCOVERY_PREFIX", "moxie/tts", "ttsmonitor.E011"),
    ],
)
def test_invalid_setting_is_a_check_error_with_hint(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, check_id: str
) -> None:
    assert check_settings() == []
    monkeypatch.setenv(name, value)
    (error,) = check_settings()
    assert error.id == check_id and error.hint


@pytest.mark.parametrize("host", ["localhost", "10.0.0.1", "::1", "hive.local", "mqtt_1"])
def test_valid_hosts_pass_the_check(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("MQTT_HOST", host)
    assert check_settings() == []


def test_missing_or_invalid_ca_file_is_an_error(
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
    file.write_bytes(ensure_certificate(tmp_path)[0].read_bytes())
    assert check_settings() == []
    connection = MQTTConnection("test", host="127.0.0.1", port=free_port())
    connection.start()
    connection.stop()


def test_paths_resolve_from_root_and_default_to_work_directory(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.WORK_DIR = tmp_path
    assert conf.path("TTS_VOICE_DIR") == tmp_path / "voices"
    monkeypatch.setenv("TTS_VOICE_DIR", "elsewhere")
    assert conf.path("TTS_VOICE_DIR") == settings.PROJECT_ROOT / "elsewhere"
    monkeypatch.setenv("TTS_VOICE_DIR", "/voices")
    assert conf.path("TTS_VOICE_DIR") == Path("/voices")


def test_prefixed_setting_overrides_the_shared_name(
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


def voice_warnings() -> list[tuple[str | None, str, str]]:
    return [(str(found.id), found.msg, str(found.hint)) for found in check_settings()]


def test_default_voice_in_other_language_causes_warning_with_hint(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path))
    monkeypatch.setenv("TTS_VOICE", "en_US-tiny-low")
    assert voice_warnings() == []  # it is not installed
    model = install(tmp_path, "en_US-tiny-low", "en-us")
    for name, value in {"TTS_VOICE": "en_US-tiny-low", "PIPER_MODEL": str(model)}.items():
        monkeypatch.setenv(name, value)
        ((check_id, words, hint),) = voice_warnings()
        assert check_id == "ttsmonitor.W002"
        assert words == f"{name}={value} reads en-us only, and TTS_LANG=es."
        assert hint.startswith(
            "Set TTS_LANG=en, or install a voice of es: .venv/bin/python manage.py"
        )
    monkeypatch.setenv("TTS_LANG", "en")
    assert voice_warnings() == []
    monkeypatch.setenv("TTS_LANG", "es")
    monkeypatch.setenv("TTS_ENGINE", "espeak")
    assert voice_warnings() == []


def test_unusable_default_voice_causes_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = describe(install(tmp_path, "tiny", ""), num_speakers=-1)
    monkeypatch.setenv("PIPER_MODEL", str(model))
    ((check_id, words, _hint),) = voice_warnings()
    assert check_id == "ttsmonitor.W001" and "num_speakers is -1" in words
    describe(model, num_speakers=1)
    ((check_id, words, _hint),) = voice_warnings()
    assert check_id == "ttsmonitor.W002" and "does not say its language" in words
    model.unlink()
    ((check_id, words, _hint),) = voice_warnings()
    assert check_id == "ttsmonitor.W001" and "is missing" in words


@pytest.mark.parametrize(
    ("installed", "tts_lang", "said"),
    [
        (
            "en-us",
            "es",
            "no Piper voice for es is installed. Get one with: .venv/bin/python manage.py"
            " download_voice es_ES-davefx",
        ),
        (
            "es",
            "en",
            "no Piper voice for en is installed. Get one with: .venv/bin/python manage.py"
            " download_voice en_US-ljspeech",
        ),
        (
            "es",
            "it",
            "no Piper voice for it is installed. Get one with: .venv/bin/python manage.py"
            " download_voice NAME (names",
        ),
        ("en-us", "en-GB", ""),
        ("es-419", "es", ""),
    ],
)
def test_start_suggests_a_voice_for_an_uncovered_language(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, installed: str, tts_lang: str, said: str
) -> None:
    model = install(tmp_path, "any", installed)
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path))
    monkeypatch.setenv("TTS_LANG", tts_lang)
    for path in ("", str(model)):
        monkeypatch.setenv("PIPER_MODEL", path)
        lines = summary("a broker", speech=True)
        assert said in lines and bool(said) == ("  Voice  " in lines)


@pytest.mark.parametrize(
    ("variable", "nearest"),
    [
        ("TTS_VOISE", "TTS_VOICE"),
        ("TTS_ENGIN", "TTS_ENGINE"),
        ("TTS_LANGAUGES", "TTS_LANGUAGES"),
        ("tts_lang", "TTS_LANG"),
        ("MQTT_USER", "MQTT_USERNAME"),
        ("HTTP_PRT", "HTTP_PORT"),
        ("MOXIE_TTS_VOICE", "TTS_VOICE"),
        ("MOXIE_TTS_TTS_VOISE", "TTS_VOICE"),
        ("TSS_VOICE", "TTS_VOICE"),
        ("HIVE_CHAT_MODL", "HIVE_CHAT_MODEL"),
        ("HIVE_PROT", "HIVE_PORT"),
    ],
)
def test_mistyped_setting_is_a_warning_with_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, nearest: str
) -> None:
    monkeypatch.setenv(variable, "x")
    (warning,) = [*check_names(), *check_hive_names()]
    assert warning.level == WARNING
    assert warning.msg == f"{variable} is no setting and has no effect."
    assert warning.hint == f"Did you mean {nearest}?"


@pytest.mark.parametrize(
    "variable",
    [
        "TTS_VOICE",
        "MOXIE_TTS_MQTT_HOST",
        "MOXIE_WORK_DIR",
        "HIVE_CHAT_MODEL",
        "HIVE_PORT",
        "TTS_HOME",
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PORT",
        "HOSTNAME",
        "HOST",
        "PORT",
        "LANG",
    ],
)
def test_settings_and_foreign_variables_are_no_typing_mistake(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "x")
    assert [*check_names(), *check_hive_names()] == []
