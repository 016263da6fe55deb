"""Percentiles of times."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

STEPS = 50
"""Steps of the logarithmic scale per factor of e; a step is about 2 %."""


class Histogram(Counter[int]):
    """Numbers of utterances by a time in milliseconds, on a logarithmic scale."""

    def record(self, milliseconds: float, count: int) -> None:
        """Add `count` utterances of about that many milliseconds."""
        self[round(STEPS * math.log(max(1, milliseconds)))] += count

    def describe(self) -> dict[str, float | int | None]:
        """Return the number of utterances and the percentiles, right within 2 %, as JSON."""
        return {"count": self.total(), "p50": self.percentile(50), "p95": self.percentile(95)}

    def percentile(self, percent: float) -> float | None:
        """Return the nearest-rank percentile in milliseconds; None if there are none."""
        rank = math.ceil(self.total() * percent / 100)
        for step in sorted(self):
            rank -= self[step]
            if rank <= 0:
                return round(math.exp(step / STEPS), 1)
        return None


def percentile(ascending: Sequence[float], percent: float) -> float | None:
    """Return the nearest-rank percentile of sorted values; None if there are none."""
    if not ascending:
        return None
    return ascending[max(1, math.ceil(len(ascending) * percent / 100)) - 1]
