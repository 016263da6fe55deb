"""The command that shows how texts are said."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from ttsmonitor.models import VoiceSetting
from ttsmonitor.speaking.pronounce import pronounce

pytestmark = pytest.mark.django_db


def printed(*arguments: str) -> list[str]:
    output = io.StringIO()
    call_command("pronounce", *arguments, stdout=output)
    return output.getvalue().splitlines()


def test_words_phonemes_language_and_voice_are_printed() -> None:
    spoken, phonemes, language, voice = printed("**Hola**<break/>tú", "--lang", "es-MX")
    assert spoken.split() == ["spoken:", "Hola,", "tú"]
    assert phonemes.split() == ["phonemes:", "ˈola", "tˈu"]
    assert language.split() == ["language:", "es-MX"]
    assert voice.split() == ["voice:", "espeak", "es-MX"]


def test_json_strings_are_answered_by_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["Hola\n# Tú", "", "*sonríe*", "a\ud800"]
    lines = "".join(f"{json.dumps(text)}\n" for text in texts)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{lines}\n"))
    said = [json.loads(line) for line in printed("--json", "--lang", "es", "-")]
    assert [set(each) for each in said] == [{"text", "spoken", "phonemes", "lang", "voice"}] * 4
    assert [each["spoken"] for each in said] == ["Hola. Tú.", "", "", "a?"]
    assert [each["voice"] for each in said] == ["espeak es", "", "", "espeak es"]
    assert said[0]["phonemes"] == "ˈola tˈu"


def test_json_object_is_one_line_whatever_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Sol\u2028mar\u2029luna\x85"
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(text)))
    (line,) = printed("--json", "--lang", "es", "-")
    assert json.loads(line)["text"] == text


@pytest.mark.parametrize("line", ["Hola", "1", '["Hola"]'])
def test_line_that_is_no_json_string_is_refused(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(line))
    with pytest.raises(CommandError, match="not a JSON string"):
        printed("--json", "-")


def test_lines_of_plain_text_are_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Hola\nTú\n"))
    assert [line for line in printed("-") if line.startswith("spoken")] == [
        "spoken:   Hola",
        "spoken:   Tú",
    ]


def test_words_are_shown_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoTable:
        @staticmethod
        def all() -> None:
            raise OperationalError("no such table")

    monkeypatch.setattr(VoiceSetting, "objects", NoTable)
    (said,) = pronounce(["Hola"], "es")
    assert said.spoken == "Hola"
