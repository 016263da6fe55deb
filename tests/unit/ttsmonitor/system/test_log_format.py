"""Log lines as JSON objects."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ImproperlyConfigured

from openmoxie import environment
from ttsmonitor.system.log_format import (
    JournalFormatter,
    JsonFormatter,
    json_line,
    make_formatter,
)
from ttsmonitor.system.terminal import SafeFormatter


def record(message: str, *arguments: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("ttsmonitor.test", logging.WARNING, "", 1, message, arguments, None)
    vars(made).update(more)
    return made


def test_record_becomes_one_json_object() -> None:
    moment = datetime(2026, 12, 1, 8, 30, 0, 125_000, UTC)
    made = record("said %r to %s", 'a "quote"\n', "Moxie", created=moment.timestamp(), process=7)
    entry = json.loads(JsonFormatter().format(made))
    assert entry == {
        "timestamp": "2026-12-01T08:30:00.125Z",
        "level": "WARNING",
        "logger": "ttsmonitor.test",
        "message": "said 'a \"quote\"\\n' to Moxie",
        "pid": 7,
        "thread": "MainThread",
    }


def test_traceback_stays_inside_the_object() -> None:
    try:
        raise ValueError("¿qué?")
    except ValueError:
        line = JsonFormatter().format(record("failed", exc_info=sys.exc_info()))
    assert "\n" not in line
    assert json.loads(line)["exception"].endswith("ValueError: ¿qué?")


@pytest.mark.parametrize("text", ["two\nlines", "\x1b[31mred", "\x9b2J", "\u202egnp", "a\u2028b"])
def test_control_characters_are_escaped_and_come_back(text: str) -> None:
    line = json_line("INFO", "broker", text)
    assert line.isprintable()
    assert json.loads(line)["message"] == text


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("", SafeFormatter),
        ("text", SafeFormatter),
        ("JSON", JsonFormatter),
        ("journal", JournalFormatter),
    ],
)
def test_setting_chooses_the_formatter(
    given: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_FORMAT", given)
    environment.check_log_format()
    assert type(make_formatter()) is kind


def test_unknown_format_is_refused_with_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "xml")
    with pytest.raises(
        ImproperlyConfigured, match=r"LOG_FORMAT='xml': give one of text, json, journal\."
    ):
        environment.check_log_format()


def test_journal_line_has_a_priority_and_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "journal")
    try:
        raise ValueError("¿qué?")
    except ValueError:
        first, *rest = (
            make_formatter().format(record("failed", exc_info=sys.exc_info())).split("\n")
        )
    assert first == "<4>ttsmonitor.test: failed"
    assert rest and all(line.startswith("<4>    ") for line in rest)
