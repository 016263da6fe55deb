"""Settings: environment, then Django's, then the default; read when used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

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
    ],
)
def test_what_cannot_be_read_is_named_here_and_by_the_system_check(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=said):
        getattr(conf, name)
    assert [error.id for error in check_settings()] == ["ttsmonitor.E001"]


@pytest.mark.parametrize(
    ("name", "value", "check_id"),
    [
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


def test_paths_start_at_the_root_and_the_defaults_in_the_work_directory(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.WORK_DIR = tmp_path
    assert conf.path("TTS_VOICE_DIR") == tmp_path / "voices"
    monkeypatch.setenv("TTS_VOICE_DIR", "elsewhere")
    assert conf.path("TTS_VOICE_DIR") == settings.PROJECT_ROOT / "elsewhere"
    monkeypatch.setenv("TTS_VOICE_DIR", "/voices")
    assert conf.path("TTS_VOICE_DIR") == Path("/voices")
