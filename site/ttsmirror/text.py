"""Split text into chunks for the wire, and take the words out of markup."""

from __future__ import annotations

import html
import re
import unicodedata

CHUNK_CHARACTERS = 400
"""Longest chunk on the wire, in characters."""

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*\s+|\n+")
_CLAUSE_END = re.compile(r"[,;:—–]\s+")
_SPACE = re.compile(r"\s+")

# A text may come from anybody who can reach the broker: what is in one mark is bounded by the next
# one, so that no pattern tries every pair of places.
TAG = re.compile(r"</?[A-Za-z](?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*>|</?[A-Za-z][^<>]*>")
"""A tag of XML or HTML. The value of an attribute may have a `>`."""
NOT_SPEECH = re.compile(r"^[^\S\n]*(?:animation|silent):.*$", re.IGNORECASE | re.MULTILINE)
"""A line of a robot's content that tells it to do something."""
_SEVERAL_SPACES = re.compile(r"\s+(?=[\s,.;:!?…])")
_WORD = re.compile(r"\w+")
# Joiners and colour modifiers of emoji, which have no sound of their own.
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\u20e3\ufe00-\ufe0f\ufeff\U000e0020-\U000e007f]")


def split_chunks(text: str, limit: int = CHUNK_CHARACTERS) -> list[str]:
    """Cut `text` into pieces of at most `limit` characters whose concatenation is `text`.

    A piece ends after a sentence where one ends in reach, else after a clause, else after a
    space, else anywhere. White space stays at the end of a piece.
    """
    chunks = []
    start = 0
    while len(text) - start > limit:
        end = _cut(text, start, start + limit)
        chunks.append(text[start:end])
        start = end
    chunks.append(text[start:])
    return chunks


def clean(text: str) -> str:
    """Replace characters that databases or JSON readers refuse: NUL and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def shorten(text: str, limit: int) -> str:
    """Truncate `text` to `limit` characters, with an ellipsis if it is longer."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _cut(text: str, start: int, stop: int) -> int:
    window = text[start:stop]
    for pattern in (_SENTENCE_END, _CLAUSE_END, _SPACE):
        ends = [match.end() for match in pattern.finditer(window)]
        if ends:
            return start + ends[-1]
    # Never between a letter and the accent or emoji part that belongs to it.
    end = stop
    while end > start + 1 and _belongs_to_previous(text[end]):
        end -= 1
    return end if end > start + 1 else stop


def _belongs_to_previous(character: str) -> bool:
    return bool(unicodedata.combining(character)) or bool(_INVISIBLE.match(character))


def words_of_markup(markup: str) -> str:
    """Return the words of a robot's markup, without its tags and entities."""
    words = html.unescape(TAG.sub(" ", NOT_SPEECH.sub("", markup)))
    return _SEVERAL_SPACES.sub("", words).strip()


def as_compared(text: str) -> str:
    """Return a form of `text` that is the same for all ways to write its words."""
    words = _WORD.findall(words_of_markup(unicodedata.normalize("NFKC", text)))
    return " ".join(words).replace("_", "").casefold()


def language_tag(lang: str) -> str:
    """Return a language tag in the form in which tags are compared: en-gb for en_GB."""
    return lang.lower().replace("_", "-")
