"""What is kept in English is shown in the visitor's language, whatever changes in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from tests.support.tools import ROOT
from ttsmonitor.web import translations
from ttsmonitor.web.labels import REASONS, reason_text
from ttsmonitor.web.translations import (
    CAUSES,
    LINES,
    MARK,
    WIRE,
)

SOURCES = [ROOT / "site" / "ttsmonitor", ROOT / "site" / "ttsmirror"]
LEVELS = {"info", "warning", "error", "exception", "critical"}
FAILURES = {
    "SynthesisError", "VoiceNotFoundError", "AudioError", "InvalidMessageError", "_failed", "_died",
    "_note_error", "failed",
}  # fmt: skip
ELSEWHERE = {"__init__.py", "apps.py", "openmoxie.py", "download.py"}
"""What is not part of the speech process, or tells whoever typed a command."""
PLACE = re.compile(r"\{\w+\}|%(?:\.\d+)?[sdrfg]")


def shape(words: str) -> str:
    """Of two that differ in what changes alone, the same."""
    return PLACE.sub("{}", words)


KNOWN = {shape(each) for each in (*CAUSES, *LINES, *WIRE, *REASONS)}


def written(node: ast.expr) -> str | None:
    """The words of a literal; None of what is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return shape(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    return None


def said(path: Path, *, lines: bool) -> Iterator[str]:
    """What a module logs from level INFO on; or says of what it cannot do."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        call = node.func
        name = call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "")
        is_log = isinstance(call, ast.Attribute) and ast.unparse(call.value) == "logger"
        wanted = is_log and name in LEVELS if lines else name in FAILURES
        words = written(node.args[0])
        if wanted and words and words != "{}":  # else it says what was said elsewhere
            yield words


def modules() -> list[Path]:
    found = [path for source in SOURCES for path in source.rglob("*.py")]
    return [path for path in found if path.name not in ELSEWHERE]


def test_every_line_of_the_activity_can_be_translated() -> None:
    lines = {line for path in modules() for line in said(path, lines=True)}
    assert len(lines) > 40
    assert lines - KNOWN == set()


def test_every_reason_of_voice_sound_broker_and_model_can_be_translated() -> None:
    paths = [*modules(), ROOT / "site" / "hive" / "chat" / "answer_queue.py"]
    reasons = {reason for path in paths for reason in said(path, lines=False)}
    assert len(reasons) > 40
    assert {reason for reason in reasons if not any(map(_is_like(reason), KNOWN))} == set()


def _is_like(reason: str):  # type: ignore[no-untyped-def]
    """Does a template say the same, or stand for the end of it?"""
    return lambda known: re.fullmatch(re.escape(known).replace(r"\{\}", ".*"), reason, re.DOTALL)


@pytest.mark.parametrize(
    ("words", "spanish"),
    [
        ("chunk 2, 3 … of 12 did not come", "no llegó el fragmento 2, 3 … de 12"),
        ("the rest of it did not come", "el resto no llegó"),
        (
            "interrupted 7 (interrupted by whoever speaks for the robot): Hola (dos): adiós",
            "interrumpida 7 (interrumpida por quien habla por el robot): Hola (dos): adiós",
        ),
        ("spoken 7 (2.0 s): Hola", "dicha 7 (2,0 s): Hola"),
        ("spoken 7 (12.25 s): 1.5", "dicha 7 (12,25 s): 1.5"),
        ("failed 7 (skipped): it is closed", "fallida 7 (saltada): it is closed"),
        ("voice is 'a b': not a valid name", "voice es 'a b': no es un nombre válido"),
        ("ttl is '0.5': give a number from 1 to 9", "ttl es '0.5': debe ser un número de 1 a 9"),
        ("not done within 12 seconds", "no terminó en 12 segundos"),
        ("not done within 0.5 seconds", "no terminó en 0,5 segundos"),
        (
            "ignored a message on a/b: payload is not a JSON object",
            "ignorado un mensaje en a/b: el mensaje no es un objeto JSON",
        ),
        ("no broker answers at localhost:1883", "ningún broker responde en localhost:1883"),
        (
            "no sound device can be used (it is closed)",
            "no se puede usar ningún dispositivo de sonido (está cerrado)",
        ),
        (
            "moxie-1: no broker answers at [::1]:1883; trying again",
            "moxie-1: ningún broker responde en [::1]:1883; se sigue intentando",
        ),
        (
            "utterance 7: chunk 1 of 2 did not come",
            "frase 7: no llegó el fragmento 1 de 2",
        ),
        (
            "x.json does not describe a Piper voice: inference.length_scale is nan; it has to be a"
            " number from 0.2 to 5. Fetch the voice again, or correct the file",
            "x.json no describe una voz de Piper: inference.length_scale es nan; debe ser un número"
            " de 0,2 a 5. Descarga la voz otra vez o corrige el archivo",
        ),
        (
            "the voice amy reads en_US, and the text is es; piper davefx speaks instead",
            "la voz amy lee en_US y el texto está en es; habla piper davefx en su lugar",
        ),
        ("control: pause ", "control: pause "),
        ("cleared from the queue", "quitada de la cola"),
        ("something nobody ever wrote down", "something nobody ever wrote down"),
        ("", ""),
    ],
)
def test_what_changes_keeps_its_place(words: str, spanish: str) -> None:
    assert reason_text(words) == words
    with translation.override("es"):
        assert reason_text(words) == spanish
    with translation.override("en"):
        assert reason_text(words) == words


def test_scripts_get_them_where_they_are_needed() -> None:
    assert translations.for_scripts() == {}
    with translation.override("es"):
        words = translations.for_scripts()
    assert words[f"{MARK}the rest of it did not come"] == "el resto no llegó"
    assert len(words) > 80
