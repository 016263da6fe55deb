"""The phoneme ids of a sentence, and the places where it may be read in two runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

SPACE = " "


@dataclass(frozen=True)
class Script:
    """The phoneme ids from which a voice says a sentence."""

    ids: list[int]
    phonemes: Sequence[str] = ()
    starts: Sequence[int] = ()
    """The index of each phoneme's first id; empty where it is not known."""

    @property
    def lead(self) -> int:
        """The number of ids that begin every sentence."""
        return self.starts[0] if self.starts else 0

    @property
    def words(self) -> list[int]:
        """The indices of the ids with which a word begins, after the first one."""
        return [
            start
            for before, phoneme, start in zip(
                self.phonemes, self.phonemes[1:], self.starts[1:], strict=False
            )
            if before == SPACE and phoneme != SPACE
        ]


def script_of(phonemes: Sequence[str], ids: list[int], ids_of: Callable[[str], int]) -> Script:
    """Return the script of a sentence; `ids_of` gives the number of ids of a phoneme."""
    widths = [ids_of(phoneme) for phoneme in phonemes]
    lead = len(ids) - sum(widths) - 1  # the last id is the end's
    if lead < 0 or not phonemes:
        return Script(ids, phonemes)
    return Script(ids, phonemes, list(accumulate(widths[:-1], initial=lead)))
