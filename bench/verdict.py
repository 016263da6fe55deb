"""Compare the evidence about each sentence with the promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

UNFINISHED = {"receiving", "queued", "playing"}
LOST = "in an outbox, and not in the history"
DROPPED = "handed over to a publisher that ended properly, and never in its outbox"
LEFT = "in an outbox for ever"
TWICE = "in the history more than once"
CHANGED = "in the history with other words"
STRANGE = "in the history, and nobody said it"
STUCK = "neither spoken nor given up"
ECHOED = "spoken more than once"
SILENT = "spoken as the history says, and nobody heard it"


@dataclass
class Evidence:
    """Everything known about the sentences, by id."""

    handed: dict[str, str] = field(default_factory=dict)
    """Texts handed to a publisher."""
    drained: set[str] = field(default_factory=set)
    """Sentences handed to publishers that had time to end."""
    accepted: set[str] = field(default_factory=set)
    """Sentences that were in an outbox."""
    left: set[str] = field(default_factory=set)
    """Sentences that are still in an outbox."""
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    """Rows of the history: id, text, status."""
    claims: Counter[str] = field(default_factory=Counter)
    """How often each sentence was taken from the queue to be spoken."""
    sounds: Counter[str] = field(default_factory=Counter)
    """How many sound files were begun for each sentence."""
    endings: Counter[str] = field(default_factory=Counter)
    """How often the speaker ended each sentence."""


def judge(evidence: Evidence) -> dict[str, list[str]]:
    """Return each broken promise with the ids; empty if all hold."""
    found = {
        LOST: evidence.accepted - {row[0] for row in evidence.rows},
        DROPPED: evidence.drained - evidence.accepted,
        LEFT: evidence.left,
        TWICE: _twice(evidence),
        CHANGED: {pk for pk, words, _ in evidence.rows if evidence.handed.get(pk, words) != words},
        STRANGE: {row[0] for row in evidence.rows} - evidence.handed.keys(),
        STUCK: {pk for pk, _words, status in evidence.rows if status in UNFINISHED},
        ECHOED: _more_than_one(evidence.claims, evidence.sounds, evidence.endings),
        SILENT: _silent(evidence),
    }
    return {promise: sorted(ids) for promise, ids in found.items() if ids}


def _twice(evidence: Evidence) -> set[str]:
    words = Counter(row[1] for row in evidence.rows)
    rows = Counter(row[0] for row in evidence.rows)
    return {pk for pk, text, _status in evidence.rows if words[text] > 1 or rows[pk] > 1}


def _silent(evidence: Evidence) -> set[str]:
    spoken = {pk for pk, _words, status in evidence.rows if status == "spoken"}
    return {pk for pk in spoken if not (evidence.claims[pk] and evidence.sounds[pk])}


def _more_than_one(*counts: Mapping[str, int]) -> set[str]:
    return {pk for count in counts for pk, number in count.items() if number > 1}


def complaints(broken: Mapping[str, Iterable[str]], handed: Mapping[str, str]) -> list[str]:
    """Return a line for each sentence that breaks a promise."""
    return [
        f"BROKEN  {promise}: {pk} {handed.get(pk, '')[:60]}"
        for promise, ids in broken.items()
        for pk in ids
    ]
