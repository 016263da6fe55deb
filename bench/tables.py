"""Output of the measurements: tables, percentiles and verdicts."""

from __future__ import annotations

import math
import operator
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SIGNS: dict[str, Callable[[float, float], bool]] = {
    "≤": operator.le,
    "<": operator.lt,
    "≥": operator.ge,
}


@dataclass(frozen=True)
class Wanted:
    """A measured value and the wanted one."""

    what: str
    measured: float
    limit: float
    unit: str = ""
    sign: str = "≤"

    @property
    def holds(self) -> bool:
        return SIGNS[self.sign](self.measured, self.limit)

    def __str__(self) -> str:
        verdict = "ok  " if self.holds else "MISS"
        measured, limit = f"{number(self.measured)}{self.unit}", f"{number(self.limit)}{self.unit}"
        return f"{verdict}  {self.what}: {measured} (wanted {self.sign} {limit})"


def report(wanted: Sequence[Wanted]) -> bool:
    """Print each value with its verdict. Return True if all hold."""
    for each in wanted:
        print(each)
    return all(each.holds for each in wanted)


def table(head: Sequence[str], rows: Sequence[Sequence[str | float | None]]) -> str:
    """Format an aligned Markdown table; numbers align right, text left."""
    cells = [list(head), *([cell(each) for each in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    rule = [
        "-" * width if not column else "-" * (width - 1) + ":"
        for column, width in enumerate(widths)
    ]
    lines = [cells[0], rule, *cells[1:]]
    return "\n".join(f"| {' | '.join(_align(line, widths))} |" for line in lines)


def _align(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = zip(line, widths, strict=True)
    return [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]


def cell(value: str | float | None) -> str:
    """Format a value for a table; a missing one is `-`."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else number(value)


def number(value: float) -> str:
    """Format a number with its significant digits: 12,345 / 46.2 / 0.71."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the smallest measured value that this percentage of values does not exceed."""
    if not values:
        return None
    rank = max(1, math.ceil(percent / 100 * len(values)))
    return sorted(values)[rank - 1]
