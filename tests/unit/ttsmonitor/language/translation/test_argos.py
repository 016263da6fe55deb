from pathlib import Path

import pytest

from tests.support.argos_model import make_argos_package
from ttsmonitor.exceptions import TranslationError
from ttsmonitor.language.translation.argos import Argos
from ttsmonitor.language.translation.base import Request


def test_installed_model_translates(tmp_path: Path) -> None:
    make_argos_package(tmp_path, "en", "es")
    argos = Argos(tmp_path)
    assert not argos.unavailable("en-US", "es-MX")
    words = argos.translate(Request("hello friend", "en-US", "es-MX"), 5.0)
    assert words
    assert words == argos.translate(Request("hello friend", "en", "es"), 5.0)


def test_pair_without_a_model_goes_over_english(tmp_path: Path) -> None:
    make_argos_package(tmp_path, "fr", "en")
    make_argos_package(tmp_path, "en", "es")
    argos = Argos(tmp_path)
    assert argos.translate(Request("hello", "fr", "es"), 5.0)


def test_missing_model_is_named_with_its_directory(tmp_path: Path) -> None:
    argos = Argos(tmp_path)
    assert str(tmp_path) in argos.unavailable("en", "es")
    with pytest.raises(TranslationError):
        argos.translate(Request("hello", "en", "es"), 5.0)


def test_broken_model_is_named(tmp_path: Path) -> None:
    package = make_argos_package(tmp_path, "en", "es")
    (package / "model" / "model.bin").write_bytes(b"broken")
    with pytest.raises(TranslationError, match="translate-en_es"):
        Argos(tmp_path).translate(Request("hello", "en", "es"), 5.0)


def test_other_directories_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "metadata.json").write_text("[]")
    make_argos_package(tmp_path, "en", "es")
    assert Argos(tmp_path).variant() == "en-es-1.0"
