"""Recognition of the language of what a companion says to a child."""

from __future__ import annotations

import csv
import logging
import sys
import time
from pathlib import Path

import pytest

from ttsmonitor.language.detection import LanguageDetector

CORPUS = Path(__file__).with_name("recognition.tsv")


@pytest.fixture(scope="module")
def detector() -> LanguageDetector:
    made = LanguageDetector(["es", "en"])
    made.load()
    return made


def sentences() -> list[tuple[str, str]]:
    lines = (line for line in CORPUS.read_text().splitlines() if not line.startswith("#"))
    rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [(lang, text) for lang, text in rows]


@pytest.mark.parametrize("expected", ["es", "en"])
def test_sentences_are_recognized_whatever_is_expected(
    detector: LanguageDetector, expected: str
) -> None:
    told = [(lang, text) for lang, text in sentences() if lang != "-"]
    wrong = [text for lang, text in told if (detector.detect(text) or expected) != lang]
    assert len(told) > 200
    assert len(wrong) <= 2, wrong


@pytest.mark.parametrize("text", ["", "   ", "123", "1, 2, 3", "¡!", "👍", "Moxie", "OK"])
def test_text_without_a_language_is_not_decided(detector: LanguageDetector, text: str) -> None:
    assert detector.detect(text) == ""


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Hola", "es"),
        ("HOLA", "es"),
        ("Hello", "en"),
        ("HELLO!", "en"),
        ("Yes", "en"),
        ("Sí", "es"),
        ("¡Moxie!", "es"),
        ("Let’s go, Sofía", "en"),
        ("¿Ready?", "en"),
        ("Sofía", "es"),
    ],
)
def test_short_text_is_known_by_its_words_and_marks(
    detector: LanguageDetector, text: str, lang: str
) -> None:
    assert detector.detect(text) == lang


def test_language_comes_back_as_it_was_configured() -> None:
    detector = LanguageDetector(["es-MX", "en_GB", "es"])
    assert detector.detect("¿Cómo estás hoy, mi amor?") == "es-MX"
    assert detector.detect("How are you today, my love?") == "en_GB"
    assert detector.knows("en") and detector.knows("es-AR") and not detector.knows("fr")


def test_third_language_is_told_apart() -> None:
    detector = LanguageDetector(["es", "en", "fr"])
    assert detector.detect("Bonjour mon ami, comment vas-tu aujourd'hui ?") == "fr"
    assert detector.detect("El perro corre por el parque") == "es"


@pytest.mark.parametrize("languages", [[], ["es"], ["es", "es-MX"]])
def test_single_language_needs_no_model(
    languages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    detector = LanguageDetector(languages)
    assert not detector.is_needed
    assert detector.detect("Hello, how are you?") == ""


@pytest.mark.parametrize(
    ("languages", "is_missing"), [(["es", "en"], True), (["es", "tlh"], False)]
)
def test_missing_library_or_language_is_logged_once(
    languages: list[str],
    is_missing: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if is_missing:
        monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    detector = LanguageDetector(languages)
    with caplog.at_level(logging.WARNING):
        assert [detector.detect("Hello, how are you?") for _each in range(2)] == ["", ""]
    assert len(caplog.messages) == 1
    assert "languages are not recognized" in caplog.messages[0]


def test_recognizing_takes_less_than_a_millisecond(detector: LanguageDetector) -> None:
    long = "La casa es grande and the house is big. " * 500
    for text in ("Hola, ¿cómo estás?", long):
        spent = []
        for _attempt in range(20):
            began = time.perf_counter()
            detector.detect(text)
            spent.append(time.perf_counter() - began)
        assert min(spent) < 0.001
