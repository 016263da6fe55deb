"""Plan faults from a seed: part, moment, kind and duration."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

KINDS = ("kill", "stop", "freeze")
FORGET = "forget"
"""Kill the broker and delete its database."""
NETWORK = "network"
"""End the threads that read from the broker; the process goes on."""
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


def plan(seed: int, seconds: float, kinds: Mapping[str, Sequence[str]]) -> list[Fault]:
    """Return the faults of a run of this many seconds. Faults of one part do not overlap.

    `kinds` has those of each part. Each kind of each part comes once before one comes again.
    """
    chance = random.Random(seed)
    every = [(part, kind) for part in kinds for kind in kinds[part]]
    left: list[tuple[str, str]] = []
    free_at = dict.fromkeys(kinds, 0.0)
    faults: list[Fault] = []
    now = chance.uniform(*GAP_SECONDS)
    while now < seconds:
        left = left or chance.sample(every, len(every))
        if free := [way for way in left if free_at[way[0]] <= now]:
            part, kind = free[0]
            left.remove(free[0])
            down = chance.uniform(*(LONG_SECONDS if chance.random() < LONG_ONES else SHORT_SECONDS))
            faults.append(Fault(now, part, kind, min(down, seconds - now)))
            free_at[part] = now + down
        now += chance.uniform(*GAP_SECONDS)
    return faults
