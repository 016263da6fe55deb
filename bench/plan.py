"""Plan faults from a seed: part, moment, kind and duration."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

KINDS = ("kill", "stop", "freeze")
FORGET = "forget"
"""Kill the broker and delete its database."""
GAP_SECONDS = (1.0, 8.0)
SHORT_SECONDS = (0.1, 6.0)
LONG_SECONDS = (6.0, 25.0)
"""Longer than the keepalive, so that connections time out."""
LONG_ONES = 0.2


@dataclass(frozen=True)
class Fault:
    """A fault of a part, and its duration in seconds."""

    at: float
    part: str
    kind: str
    seconds: float


def plan(seed: int, seconds: float, parts: Sequence[str], broker: str) -> list[Fault]:
    """Return the faults of a run of this many seconds. Faults of one part do not overlap."""
    chance = random.Random(seed)
    free_at = dict.fromkeys(parts, 0.0)
    faults: list[Fault] = []
    now = chance.uniform(*GAP_SECONDS)
    while now < seconds:
        if free := [part for part in parts if free_at[part] <= now]:
            part = chance.choice(free)
            kind = chance.choice((*KINDS, FORGET) if part == broker else KINDS)
            down = chance.uniform(*(LONG_SECONDS if chance.random() < LONG_ONES else SHORT_SECONDS))
            faults.append(Fault(now, part, kind, min(down, seconds - now)))
            free_at[part] = now + down
        now += chance.uniform(*GAP_SECONDS)
    return faults
