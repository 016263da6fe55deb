"""Wait for and read the history."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.tools import wait_until
from ttsmirror.models import Utterance

MADE = "select 1 from sqlite_master where name = 'ttsmonitor_outboxentry'"


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


def outbox_of(environment: dict[str, str]) -> list[str]:
    """Return the texts in the outbox of an installation, oldest first."""
    path = Path(environment["MOXIE_WORK_DIR"]) / "outbox.sqlite3"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as database:
        if not database.execute(MADE).fetchone():
            return []  # the process that makes it has just begun
        query = "select payload from ttsmonitor_outboxentry order by created_at"
        return [json.loads(payload)["text"] for (payload,) in database.execute(query).fetchall()]
