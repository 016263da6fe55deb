"""Log lines show text from outside without obeying it."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tools import ROOT
from ttsmonitor.system.terminal import INDENT, SafeFormatter, printable
from ttsmonitor.system.terminal_command import terminal_language

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\ntwo\r", "one\\ntwo\\r"),
        ("\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"),
        ("\x9b2J", "\\u009b2J"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("two\u2028lines", "two\\u2028lines"),
        ("¿Qué tal, Moxie? 😀", "¿Qué tal, Moxie? 😀"),
    ],
)
def test_control_characters_are_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_any_text_stays_on_one_line(text: str) -> None:
    assert len(printable(text).splitlines()) <= 1
    assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in printable(text))


def test_message_and_traceback_cannot_forge_a_line() -> None:
    forged = "x\n2026-11-30 12:00:00,000 ERROR root: forged"
    try:
        raise ValueError(forged)
    except ValueError:
        record = logging.LogRecord(
            "test", logging.INFO, __file__, 1, "robot %s", (forged,), sys.exc_info()
        )
    first, *rest = SafeFormatter(LINE).format(record).split("\n")
    assert first.endswith(f"INFO test: robot {printable(forged)}")
    assert rest and all(line.startswith(INDENT) for line in rest)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "es_MX.UTF-8"}, "es"),
        ({"LANG": "es"}, "es"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "et_EE.UTF-8"}, "en"),
        ({"LANG": "est"}, "en"),
        ({}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "es_AR.UTF-8"}, "es"),
        ({"LANG": "es_MX.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "es_MX.UTF-8", "LC_ALL": ""}, "es"),
    ],
)
def test_language_of_the_terminal_is_that_of_the_locale(
    environment: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert terminal_language() == language
    source = f"cd '{ROOT}/script'; source ./lib.sh; words en es"
    shell = subprocess.run(["bash", "-c", source], capture_output=True, text=True, check=True)
    assert shell.stdout.strip() == language  # script/setup decides likewise
