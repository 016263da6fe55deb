"""Wait for and read the history."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.tools import wait_until
from ttsmirror.models import Utterance


def wait_for(text: str, status: str) -> Utterance:
    """Wait until the utterance with this text has this status."""

    def reached() -> Utterance | None:
        found = Utterance.objects.filter(text=text).first()
        return found if found is not None and found.status == status else None

    found = wait_until(reached, f"{text!r} to be {status}")
    assert found is not None
    return found


def history_of(environment: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return text, status and error of every row of an installation."""
    path = Path(environment["MOXIE_WORK_DIR"]) / "moxie.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        return database.execute("select text, status, error from ttsmonitor_utterance").fetchall()
