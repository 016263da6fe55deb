"""The checks of voice and sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.kokoro_files import install_kokoro
from tests.support.voice_files import describe, install
from tests.unit.ttsmonitor.synthesis.conftest import BENCH
from ttsmirror.reasons import Reason
from ttsmonitor.audio.devices import Device
from ttsmonitor.doctor import speech_checks
from ttsmonitor.doctor.base import Finding, Level
from ttsmonitor.doctor.speech_checks import is_whole, look_at_engines, look_at_sound, look_at_voice
from ttsmonitor.synthesis.registry import Discovery

pytestmark = pytest.mark.django_db
Only = Callable[[Any], Finding]


@pytest.fixture
def voices(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a directory for voices; the default one is es_ES-mine-medium."""
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path))
    monkeypatch.setenv("TTS_VOICE", "es_ES-mine-medium")
    return tmp_path


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> list[Device]:
    """Return the list of the sound devices, empty at first."""
    found: list[Device] = []
    monkeypatch.setattr(speech_checks, "list_devices", lambda: found)
    return found


def test_installed_voice_is_fine(voices: Path, only: Only) -> None:
    install(voices, "es_ES-mine-medium")
    finding = only(look_at_voice)
    assert (finding.level, "whole" in finding.reason) == (Level.OK, True)


def test_missing_voice_names_the_download(voices: Path, only: Only) -> None:
    finding = only(look_at_voice)
    assert finding.level == Level.WARNING
    assert "eSpeak NG speaks" in finding.reason
    assert "manage.py download_voice es_ES-mine-medium" in finding.command


def test_cut_off_voice_is_named(voices: Path, only: Only) -> None:
    model = install(voices, "es_ES-mine-medium")
    content = model.read_bytes()
    model.write_bytes(content[: len(content) // 2])
    finding = only(look_at_voice)
    assert finding.level == Level.FAULT
    assert f"{model} is incomplete" in finding.reason
    assert finding.command.endswith("download_voice es_ES-mine-medium --force")


def test_broken_description_is_named(voices: Path, only: Only) -> None:
    model = install(voices, "es_ES-mine-medium")
    describe(model, audio={"sample_rate": "many"})
    finding = only(look_at_voice)
    assert finding.level == Level.FAULT
    assert "does not describe a Piper voice" in finding.reason
    assert finding.command.endswith("--force")


def test_lonely_model_is_named(voices: Path, only: Only) -> None:
    model = install(voices, "es_ES-mine-medium")
    model.with_name(f"{model.name}.json").unlink()
    assert "is missing" in only(look_at_voice).reason


def test_damaged_published_voice_is_named(
    voices: Path, only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_VOICE", "es_ES-davefx-medium")
    install(voices, "es_ES-davefx-medium")
    finding = only(look_at_voice)
    assert finding.level == Level.WARNING
    assert "is not the published voice" in finding.reason


def test_engine_that_is_not_installed_is_named(
    voices: Path, only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_ENGINE", "festival")
    assert "the engine festival is not installed" in only(look_at_voice).reason


def test_engine_package_that_cannot_be_used_is_named(
    only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert only(look_at_engines).level == Level.OK
    reason = Reason(
        "the engine {name} of the package {package} is left out: {cause}",
        name="hum",
        package="hum-engine",
        cause="ImportError: no library",
    )
    monkeypatch.setattr(speech_checks, "discovered", lambda: Discovery((), (reason,)))
    finding = only(look_at_engines)
    assert (finding.level, finding.reason) == (Level.WARNING, reason)
    assert finding.command.endswith("-m pip uninstall hum-engine")


def test_cut_off_kokoro_is_named(voices: Path, only: Only, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTS_VOICE", "ef_dora")
    model = install_kokoro(voices) / "kokoro-v1.0.int8.onnx"
    assert "ef_dora is installed and whole" in only(look_at_voice).reason
    model.write_bytes(model.read_bytes()[:-20])
    finding = only(look_at_voice)
    assert f"{model} is incomplete" in finding.reason
    assert finding.command.endswith("download_voice kokoro")


def test_real_voice_is_whole() -> None:
    if not BENCH.exists():
        pytest.skip("the bench voice is not here")
    assert is_whole(BENCH)


def test_empty_file_is_no_voice(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").touch()
    assert not is_whole(tmp_path / "a.onnx")


def test_missing_device_is_a_fault_only_where_needed(
    devices: list[Device], only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert only(look_at_sound).level == Level.WARNING
    monkeypatch.setenv("TTS_AUDIO", "pyaudio")
    assert only(look_at_sound).level == Level.FAULT
    monkeypatch.setenv("TTS_AUDIO", "wav")
    assert only(look_at_sound).level == Level.OK


def test_unknown_device_is_named_with_those_there(
    devices: list[Device], only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices += [Device("Speakers", True), Device("USB Audio", False)]
    assert only(look_at_sound).level == Level.OK
    monkeypatch.setenv("TTS_AUDIO_DEVICE", "usb")
    assert only(look_at_sound).level == Level.OK
    monkeypatch.setenv("TTS_AUDIO_DEVICE", "Bluetooth")
    finding = only(look_at_sound)
    assert finding.level == Level.FAULT
    assert "no sound device Bluetooth; there are: Speakers, USB Audio" in finding.reason


def test_missing_pyaudio_names_the_packages(only: Only, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_checks, "find_spec", lambda name: None)
    finding = only(look_at_sound)
    assert "PyAudio is not installed" in finding.reason
    assert "portaudio19-dev" in finding.command
