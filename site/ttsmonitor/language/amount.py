"""Numbers as they are written in digits."""

from __future__ import annotations

import re
from dataclasses import dataclass

_GROUP_SPACE = "\u00a0\u2009\u202f '’"
NUMBER = (
    rf"(?:\d{{1,3}}(?:[{_GROUP_SPACE}]\d{{3}}(?!\d)){{1,4}}(?:[.,]\d{{1,9}}(?![\d]))?"
    r"|\d{1,15}(?:[.,]\d{1,15}(?!\d)){0,6})"
)
"""Digits with separators of thousands or decimals, or parts such as those of a version."""

SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
AT_SUPERSCRIPT = re.compile(f"[{SUPERSCRIPTS}]{{1,15}}")
"""Small digits that no other rule has read."""

_SPACES = re.compile(f"[{_GROUP_SPACE}]")
_USUAL_DIGITS = str.maketrans(SUPERSCRIPTS, "0123456789")
_SEPARATOR = re.compile(r"[.,]")


@dataclass(frozen=True)
class Amount:
    """A number: its digits before and after the decimal mark."""

    whole: str
    decimals: str = ""
    mark: str = ""
    """The decimal mark as written: a point or a comma."""

    @property
    def is_one(self) -> bool:
        """Return True if a noun after the number is singular."""
        return not self.decimals and int(self.whole) == 1


def parse(written: str, decimal: str) -> Amount | None:
    """Return the number that `written` stands for where `decimal` is the usual decimal mark.

    None is returned for what is no single number, such as a version or an address.
    """
    written = _SPACES.sub("", written)
    marks = _SEPARATOR.findall(written)
    parts = _SEPARATOR.split(written)
    if not marks:
        return Amount(written)
    if len(set(marks)) == 2:
        if marks[-1] in marks[:-1] or not _is_grouped(parts[:-1]):
            return None
        return Amount("".join(parts[:-1]), parts[-1], marks[-1])
    if len(marks) > 1:
        return Amount("".join(parts)) if _is_grouped(parts) else None
    if _is_grouped(parts) and marks[0] != decimal:
        return Amount("".join(parts))
    return Amount(parts[0], parts[1], marks[0])


def as_digits(superscripts: str) -> str:
    """Return small digits as usual ones."""
    return superscripts.translate(_USUAL_DIGITS)


def _is_grouped(parts: list[str]) -> bool:
    first, *others = parts
    return len(first) <= 3 and first[0] != "0" and all(len(part) == 3 for part in others)
