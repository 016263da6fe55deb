"""Split text into chunks for the wire and reduce it to words that can be spoken."""

from __future__ import annotations

import functools
import re
import unicodedata

CHUNK_CHARACTERS = 400
"""Longest chunk on the wire, in characters."""

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*\s+|\n+")
_CLAUSE_END = re.compile(r"[,;:—–]\s+")
_SPACE = re.compile(r"\s+")

# All lookarounds are bounded: anybody who can reach the broker can send a text, and a quadratic
# pattern takes minutes on 64 KiB.
_NOT_SPEECH = re.compile(r"^[^\S\n]*(?:animation|silent):.*$", re.IGNORECASE | re.MULTILINE)
_BREAK = re.compile(r"<\s{0,9}break\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^)\s]{0,500}\)")
_FENCE = re.compile(r"`{1,3}")
_LINE_MARK = re.compile(r"^[^\S\n]{0,3}(?:#{1,6}[^\S\n]|>[^\S\n]?|[-*+][^\S\n])", re.MULTILINE)
# Marks count only beside a word: an asterisk between two numbers is a multiplication sign.
_MARKS = r"(?:\*{1,3}|_{1,3}|~~)"
_EMPHASIS = re.compile(rf"(?<![\w*_~]){_MARKS}(?=[^\s*_~])|(?<=[^\s*_~]){_MARKS}(?![\w*_~])")
_NEWLINES = re.compile(r" ?\n[ \n]*")
# Joiners and colour modifiers of emoji, which have no sound of their own.
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\u20e3\ufe00-\ufe0f\ufeff\U000e0020-\U000e007f]")
_SILENT_CATEGORIES = {"Cc", "Cf", "Co", "Cn", "Cs", "So", "Sk"}
_SPOKEN_SYMBOLS = set("°©®™%€$£¥ªº")
_PAUSE_AFTER = ".,;:!?…"


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


@functools.lru_cache(maxsize=16)  # it is asked for on several steps of the way to the first sound
def speakable(text: str) -> str:
    """Return the words of `text` that a voice should read, as one line; empty if there are none.

    Markup tags, Markdown marks, emoji and control characters go. A `<break/>` becomes a comma
    where there is no pause yet. `animation:` and `silent:` lines are not speech.
    """
    text = _NOT_SPEECH.sub("", text)
    text = _BREAK.sub(_pause_for_break, text)
    text = _TAG.sub(" ", text)
    text = _LINK.sub(r"\1", text)
    text = _LINE_MARK.sub("", text)
    for _ in range(2):  # emphasis within emphasis
        text = _EMPHASIS.sub("", text)
    text = _FENCE.sub("", text)
    text = _NEWLINES.sub(_pause_for_newline, re.sub(r"[^\S\n]+", " ", text).strip())
    text = "".join(" " if _is_silent(character) else character for character in text)
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ([,.;:!?…])", r"\1", text)
    return text if any(character.isalnum() for character in text) else ""


def language_tag(lang: str) -> str:
    """Return a language tag in the form in which tags are compared: en-gb for en_GB."""
    return lang.lower().replace("_", "-")


def _pause_for_break(match: re.Match[str]) -> str:
    before = match.string[: match.start()].rstrip()
    return " " if not before or before[-1] in _PAUSE_AFTER else ", "


def _pause_for_newline(match: re.Match[str]) -> str:
    before = match.string[: match.start()]
    return " " if before[-1:] in _PAUSE_AFTER else ". "


def _is_silent(character: str) -> bool:
    if character in _SPOKEN_SYMBOLS:
        return False
    return unicodedata.category(character) in _SILENT_CATEGORIES or bool(
        _INVISIBLE.match(character)
    )
