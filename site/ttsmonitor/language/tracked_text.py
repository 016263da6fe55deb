"""A text that remembers which place of the original each of its characters stands for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Replacement = str | Callable[[re.Match[str]], str]
Edit = tuple[int, int, str]
"""Start, end, and what stands there instead."""


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

    def __getitem__(self, part: slice) -> TrackedText:
        """Return a part of the text."""
        return TrackedText(self.text[part], self.origins[part])

    def strip(self) -> TrackedText:
        """Return the text without white space at its ends."""
        bare = self.text.strip()
        if len(bare) == len(self.text):
            return self
        start = len(self.text) - len(self.text.lstrip())
        return self[start : start + len(bare)]

    def sub(self, pattern: re.Pattern[str], replacement: Replacement) -> TrackedText:
        """Replace the matches of `pattern`, as re.sub() does."""
        matches = pattern.finditer(self.text)
        if replacement == "":
            return self.edited((*match.span(), "") for match in matches)
        edits = []
        for match in matches:
            new = _replacement(match, replacement)
            if new != match[0]:
                edits.append(_edit(match, new))
        return self.edited(edits)

    def keep_group(self, pattern: re.Pattern[str]) -> TrackedText:
        """Replace the matches of `pattern` by their first group."""
        edits: list[Edit] = []
        for match in pattern.finditer(self.text):
            edits += (match.start(), match.start(1), ""), (match.end(1), match.end(), "")
        return self.edited(edits)

    def edited(self, edits: Iterable[Edit]) -> TrackedText:
        """Make `edits`, which are in order and do not overlap."""
        pieces: list[str] = []
        origins: list[int] = []
        end = 0
        for start, stop, new in edits:
            if start > end:
                pieces.append(self.text[end:start])
                origins += self.origins[end:start]
            if new:
                pieces.append(new)
                origins += [self._origin(start)] * len(new)
            end = stop
        if not end and not pieces:
            return self
        pieces.append(self.text[end:])
        return TrackedText("".join(pieces), (*origins, *self.origins[end:]))

    def translate(self, translation: Callable[[str], str]) -> TrackedText:
        """Replace each character by what `translation` returns for it."""
        pieces = [translation(character) for character in self.text]
        text = "".join(pieces)
        if text == self.text:
            return self
        if len(text) == len(pieces) and all(pieces):
            return TrackedText(text, self.origins)
        pairs = zip(pieces, self.origins, strict=True)
        return TrackedText(text, tuple(origin for piece, origin in pairs for _each in piece))

    def _origin(self, index: int) -> int:
        if index < len(self.origins):
            return self.origins[index]
        return self.origins[-1] if self.origins else 0


def _replacement(match: re.Match[str], replacement: Replacement) -> str:
    if not isinstance(replacement, str):
        return replacement(match)
    return match.expand(replacement) if "\\" in replacement else replacement


def _edit(match: re.Match[str], new: str) -> Edit:
    """Return what changes where a match is replaced, without what both ends share."""
    old, start, stop = match[0], match.start(), match.end()
    if not new or not old:
        return start, stop, new
    head = _shared_length(old, new) if old[0] == new[0] else 0
    tail = _shared_length(old[head:][::-1], new[head:][::-1]) if old[-1] == new[-1] else 0
    return start + head, stop - tail, new[head : len(new) - tail]


def _shared_length(one: str, other: str) -> int:
    """Return how many first characters both have in common."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
