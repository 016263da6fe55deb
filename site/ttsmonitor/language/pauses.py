"""Cut a text where its marks want a pause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ttsmirror.text import TAG
from ttsmonitor.language.markdown import LINE_PAUSE
from ttsmonitor.language.tracked_text import TrackedText

LINE_SECONDS = 0.3
"""Silence after a heading, a paragraph, a list item."""
BREAK_SECONDS = 0.4
MOST_SECONDS = 10.0
MOST_PAUSES = 100
"""In a text; nobody means more of them, and each phrase takes its time."""
STRENGTHS = {
    "none": 0.0,
    "x-weak": 0.1,
    "weak": 0.2,
    "medium": BREAK_SECONDS,
    "strong": 0.8,
    "x-strong": 1.2,
}
PAUSE_AFTER = tuple(".,;:!?…—–。！？")
"""Marks at which a voice pauses by itself."""

_BLOCK = "p|li|h[1-6]|div|tr|ul|ol|dt|dd|blockquote|section|title|paragraph|sentence"
_PAUSE = re.compile(
    rf"<\s{{0,9}}(?P<break>break)\b[^<>]*(?:>|\Z)"
    rf"|<\s{{0,3}}br\b[^<>]*>|<(?:{_BLOCK})\b[^<>]*>|</\s{{0,3}}(?:{_BLOCK}|s)\s{{0,3}}>"
    rf"|{LINE_PAUSE}|\n[ \t]*\n\s*",
    re.IGNORECASE,
)
_MARK = re.compile(LINE_PAUSE)
_TIME = re.compile(r"""\btime\s{0,3}=\s{0,3}["']?\s{0,3}\+?(\d{0,6}(?:\.\d{1,6})?)\s?(m?s)""", re.I)
_STRENGTH = re.compile(r"""\bstrength\s{0,3}=\s{0,3}["']?([a-z-]{1,10})""", re.I)
_INLINE = re.compile(r"</?(?:b|i|u|em|strong|small|big|font|span|a|q|ins|del|mark)\b", re.I)
_CUT_OFF = re.compile(r"<[/!?]?(?:[A-Za-z][\w:-]{0,40}(?:\s+[\w:-]{0,40}|\s[^<>]*=[^<>]*)?)?/?\Z")
"""The beginning of a tag, to be looked for at the last `<` only."""
_LINE_END = re.compile(r"([\"'”’»)\]*_]{0,3})[ \t]*\n\s*([^\W\d_]?)")


@dataclass(frozen=True)
class Phrase:
    """A part of a text, and the silence that is wanted after it."""

    text: TrackedText
    pause_seconds: float = 0.0


def in_phrases(text: TrackedText) -> Iterator[Phrase]:
    """Yield the text in pieces without tags and ends of lines. Some may be empty."""
    start = 0
    for match in islice(_PAUSE.finditer(text.text), MOST_PAUSES):
        seconds = _seconds(match[0]) if match["break"] else LINE_SECONDS
        end = "," if match["break"] else "."
        yield Phrase(_with_end(_on_one_line(text[start : match.start()]), end), seconds)
        start = match.end()
    yield Phrase(_on_one_line(text[start:].sub(_MARK, "\n")))


def _seconds(tag: str) -> float:
    if time := _TIME.search(tag):
        number = float(time[1] or 0)
        return min(MOST_SECONDS, number / 1000 if time[2].lower() == "ms" else number)
    strength = _STRENGTH.search(tag)
    return STRENGTHS.get(strength[1].lower(), BREAK_SECONDS) if strength else BREAK_SECONDS


def _with_end(text: TrackedText, mark: str) -> TrackedText:
    """Add `mark` where the text ends without a pause."""
    text = text.strip()
    bare = text.text.rstrip("\"'”’»)]*_ ")
    if not bare or bare.endswith(PAUSE_AFTER):
        return text
    return text.edited([(len(text.text), len(text.text), mark)])


def _on_one_line(text: TrackedText) -> TrackedText:
    text = text.strip()
    if "<" in text.text:
        text = text.sub(TAG, _for_tag)
        last = text.text.rfind("<")
        if last >= 0 and _CUT_OFF.match(text.text, last):
            text = text[:last]
    return text.sub(_LINE_END, _for_line_end) if "\n" in text.text else text


def _for_tag(match: re.Match[str]) -> str:
    return "" if _INLINE.match(match[0]) else " "


def _for_line_end(match: re.Match[str]) -> str:
    has_pause = match.string[max(0, match.start() - 1) : match.start()] in PAUSE_AFTER
    if has_pause or not match.start():
        return f"{match[1]} {match[2]}"
    return f"{match[1]}. {capital(match[2])}"


def capital(letter: str) -> str:
    """Return the capital letter where there is one: with it a sentence begins for any engine."""
    upper = letter.upper()
    return upper if len(upper) == 1 else letter
