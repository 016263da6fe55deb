"""A text that remembers which place of the original each of its characters stands for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Replacement = str | Callable[[re.Match[str]], str]


@dataclass(frozen=True)
class TrackedText:
    """A rewritten text and, for each of its characters, an index into the text it came from.

    Rewriting steps pass it on by `sub()`. What a match shares with its replacement at both ends
    keeps its places; new characters stand for the first character that they replace.
    """

    text: str
    origins: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> TrackedText:
        """Begin with the original."""
        return cls(text, tuple(range(len(text))))

    def sub(self, pattern: re.Pattern[str], replacement: Replacement) -> TrackedText:
        """Replace the matches of `pattern`, as re.sub() does."""
        pieces: list[str] = []
        origins: list[int] = []
        end = 0
        for match in pattern.finditer(self.text):
            new = match.expand(replacement) if isinstance(replacement, str) else replacement(match)
            if new == match[0]:
                continue
            pieces += self.text[end : match.start()], new
            origins += self.origins[end : match.start()]
            origins += self._origins_of(match, new)
            end = match.end()
        if not pieces:
            return self
        pieces.append(self.text[end:])
        return TrackedText("".join(pieces), (*origins, *self.origins[end:]))

    def _origins_of(self, match: re.Match[str], new: str) -> list[int]:
        old, start, stop = match[0], match.start(), match.end()
        head = _shared_length(old, new)
        tail = _shared_length(old[head:][::-1], new[head:][::-1])
        first = self._origin(start + head)
        middle = [first] * (len(new) - head - tail)
        return [*self.origins[start : start + head], *middle, *self.origins[stop - tail : stop]]

    def _origin(self, index: int) -> int:
        if index < len(self.origins):
            return self.origins[index]
        return self.origins[-1] if self.origins else 0


def _shared_length(one: str, other: str) -> int:
    """Return how many first characters both have in common."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
