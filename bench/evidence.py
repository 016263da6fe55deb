"""Independent evidence about every sentence: database triggers, sound files, the log."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.chaos_publisher import HANDED
from bench.verdict import Evidence

HISTORY, OUTBOX = "moxie.sqlite3", "outbox.sqlite3"
OUTBOX_TRIGGERS = """
create table chaos_outbox (id text primary key, attempts integer not null);
create trigger chaos_in after insert on ttsmonitor_outboxentry begin
    insert into chaos_outbox values (new.id, 0); end;
create trigger chaos_sent after update of attempts on ttsmonitor_outboxentry begin
    update chaos_outbox set attempts = new.attempts where id = new.id; end;
"""
"""Written in the same transaction as the entry, so a kill cannot separate them."""
HISTORY_TRIGGERS = """
create table chaos_claims (id text not null);
create trigger chaos_claim after update of status on ttsmonitor_utterance
    when old.status = 'queued' and new.status = 'playing' begin
    insert into chaos_claims values (new.id); end;
"""
RECEIVED = re.compile(r"received .*, utterance ([0-9a-f-]{36}), chunk (\d+) of (\d+)$")
ENDED = re.compile(
    r"ttsmonitor\.speaking\.speaker: (?:spoken|failed|interrupted|skipped) ([0-9a-f-]{36}) "
)


def watch(database_file: Path, triggers: str) -> None:
    """Install triggers that record changes in a database."""
    with closing(sqlite3.connect(database_file)) as database:
        database.executescript(triggers)


def ask(database_file: Path, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, while others use the database."""
    with closing(sqlite3.connect(database_file, timeout=30)) as database:
        return database.execute(query).fetchall()


class Sounds:
    """A counter of `wav` output files by utterance; it deletes them."""

    def __init__(self, directory: Path) -> None:
        self.begun: Counter[str] = Counter()
        self._directory = directory

    def collect(self) -> None:
        for path in list(self._directory.glob("*.wav")):
            path.unlink()
            self.begun[path.stem[-36:].replace("-", "")] += 1


class Log:
    """Receipts of each chunk and ends of each utterance, from the service's log."""

    def __init__(self, path: Path) -> None:
        self.received: Counter[tuple[str, str]] = Counter()
        self.endings: Counter[str] = Counter()
        with path.open(errors="replace") as lines:
            for line in lines:
                self._read(line)

    def _read(self, line: str) -> None:
        if match := RECEIVED.search(line):
            self.received[match[1], match[2]] += 1
        elif match := ENDED.search(line):
            self.endings[match[1].replace("-", "")] += 1


def read_publisher(work: Path, unclean: set[int], evidence: Evidence) -> None:
    """Add the sentences of a publisher's process and their state in its outbox."""
    for note in _notes(work / HANDED):
        evidence.handed[note["id"]] = note["text"]
        if note["session"] not in unclean:
            evidence.drained.add(note["id"])
    evidence.accepted |= {row[0] for row in ask(work / OUTBOX, "select id from chaos_outbox")}
    left = ask(work / OUTBOX, "select id from ttsmonitor_outboxentry")
    evidence.left |= {row[0] for row in left}


def read_history(work: Path, evidence: Evidence) -> None:
    """Add the history and the claims from the queue."""
    evidence.rows += [
        (row[0], row[1], row[2])
        for row in ask(work / HISTORY, "select id, text, status from ttsmonitor_utterance")
    ]
    evidence.claims.update(row[0] for row in ask(work / HISTORY, "select id from chaos_claims"))


def _notes(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        for line in path.read_text().splitlines(keepends=True):
            if line.endswith("\n"):  # a torn line means it was killed before publishing
                yield json.loads(line)
