"""Take out the marks of Markdown: its words stay, its structure becomes pauses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ttsmonitor.language.tracked_text import Edit, TrackedText

LINE_PAUSE = "\u2029"
"""The end of a heading, a list item or a row."""

_SIGNS = re.compile(r"[#*+>•◦‣·|=_~\[\]-]|^[ \t]{0,8}\d{1,3}[.)][ \t]", re.MULTILINE)
_LINE = re.compile(
    r"^(?P<rule>[ \t]{0,3}(?:[*_=~#-][ \t]{0,3}){3,}|(?=[^\n]*--)[ \t]*\|?[ \t|:+-]+)$"
    r"|^(?P<definition>[ \t]{0,3}\[[^\]\n]{1,100}\]:[ \t]+\S[^\n]*)$"
    r"|^(?P<quote>(?:[ \t]{0,8}>[ \t]?){0,9})"
    r"(?:(?P<heading>[ \t]{0,8}#{1,6}[ \t]+)"
    r"|(?P<bullet>[ \t]{0,8}[-*+•◦‣·][ \t]+(?:\[[ xX]\][ \t]+)?)"
    r"|[ \t]{0,8}(?P<number>\d{1,3}(?P<dot>[.)])(?=[ \t]+\S))"
    r"|(?P<row>[ \t]{0,8}\|))?",
    re.MULTILINE,
)
_CELL = re.compile(r"[ \t]*\|[ \t]*")
_IMAGE_OR_LINK = re.compile(
    r"!?\[([^\[\]\n]{0,500})\]"
    r"(?:\((?:[^()\s]|\([^()\s]{0,100}\)){0,500}(?:\s{1,3}\"[^\"\n]{0,200}\")?\)|\[[^\[\]\n]{0,100}\])"
)
_FOOTNOTE = re.compile(r"\[\^[^\[\]\n]{1,50}\]")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)?[^\s<>]{1,500}[.@][^\s<>]{1,500})>")
_CLOSING_HASHES = re.compile(r"[ \t]+#{1,6}[ \t]*\Z")
# Marks count only beside a word: an asterisk between two numbers is a multiplication sign.
_MARKS = r"(?:\*{1,3}|_{1,3}|~~|==)"
_EMPHASIS = re.compile(rf"(?<![\w*_~=)]){_MARKS}(?=[^\s*_~=])|(?<=[^\s*_~=]){_MARKS}(?![\w*_~=(])")
_INNER_EMPHASIS = 2

_ESCAPED = re.compile(r"\\[*_`~#|>]")
_ACTION = re.compile(
    r"(?<![\w*_])([*_])([^\W\d_](?:(?!\1)[^\n]){0,200})\1(?![\w*_])"
    r"|\[([^\W\d_][^\[\]\n]{0,200})\](?![(\[])"
)
_NEAR = 4
"""Characters beside an action that are looked at."""
_ENDS = tuple("\n.!?…:»”\"')]")
_BEGINS = tuple("\n¡¿«“\"'([*")
_ACTION_WORDS = re.compile(
    r"(?:(?:moxie|(?:el|la) robot|the robot|he|she|it)\s)?(?:"
    r"(?:se|le|te|me|con|en voz)\s|\w{2,12}(?:ando|iendo|yendo)\b|\w{3,12}ing\b"
    r"|(?:son|r|sonr)[íi]e\b|guiña|suspira|asiente|aplaude|saluda|baila|salta|mira|piensa|canta"
    r"|susurra|bosteza|abraza|levanta|mueve|gira|parpadea|niega|tose|llora|grita|hace|pone"
    r"|(?:smile|laugh|giggle|chuckle|nod|wink|wave|sigh|clap|jump|dance|look|think|sing|whisper"
    r"|yawn|hug|tilt|blink|gasp|cheer|spin|grin|shrug|pause|cr(?:y|ie)|lean|point|raise|move)s?\b"
    r"|(?:risas?|risitas?|aplausos?|suspiros?|silencio|pausa|guiño|música|laughter|applause|silence)\Z)",
    re.IGNORECASE,
)


def without_markdown(text: TrackedText) -> TrackedText:
    """Return the words of a Markdown text, with LINE_PAUSE at the end of its elements."""
    if not _SIGNS.search(text.text):
        return text
    text = text.edited(_line_edits(text.text))
    if "\\" in text.text:
        text = text.sub(_ESCAPED, "")
    text = text.sub(_ACTION, _without_action)
    if "[" in text.text:
        text = text.sub(_FOOTNOTE, "").keep_group(_IMAGE_OR_LINK)
    for _ in range(_INNER_EMPHASIS):
        text = text.sub(_EMPHASIS, "")
    return text


def without_autolinks(text: TrackedText) -> TrackedText:
    """Take an address out of its angle brackets, so that it is no tag."""
    return text.keep_group(_AUTOLINK)


def _line_edits(text: str) -> Iterator[Edit]:
    """Yield the changes of all lines, in order."""
    for match in _LINE.finditer(text):
        kind, start, end = match.lastgroup, match.start(), match.end()
        if kind in ("rule", "definition"):
            yield start, end, LINE_PAUSE
        elif kind == "row":
            yield from _row_edits(text, start, end)
        elif kind == "number":
            yield start, match.start("number"), ""
            yield match.start("dot"), end, ","
            yield from _end_edits(text, end)
        elif end > start:
            yield start, end, ""
            if kind != "quote":
                yield from _end_edits(text, end)


def _end_edits(text: str, start: int) -> Iterator[Edit]:
    """Mark the end of the line that goes on at `start`."""
    end = _line_end(text, start)
    hashes = _CLOSING_HASHES.search(text, max(start, end - 12), end)
    yield (hashes.start() if hashes else end), end, LINE_PAUSE


def _row_edits(text: str, start: int, first: int) -> Iterator[Edit]:
    """Separate the cells of a table's row by commas."""
    end = _line_end(text, first)
    yield start, first, ""
    for cell in _CELL.finditer(text, first, end):
        yield *cell.span(), ", " if cell.end() < end else ""
    yield end, end, LINE_PAUSE


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _without_action(match: re.Match[str]) -> str:
    """Drop what stands alone and is done, as in `*sonríe* ¡Hola!`; keep what is emphasized."""
    done = match[2] or match[3]
    begins, ends = _stands_at(match)
    if _ACTION_WORDS.match(done):
        return "" if begins or ends else match[0]
    is_all = match.end() - match.start() >= len(match.string.strip())
    if match[1] != "*" or is_all or not (begins and ends):
        return match[0]
    is_sentence = len(done.split()) > 1 and all(each.isalpha() or each == " " for each in done)
    return "" if done[0].islower() or is_sentence else match[0]


def _stands_at(match: re.Match[str]) -> tuple[bool, bool]:
    """Return whether the match stands where a sentence begins, and where one ends."""
    start, end = match.span()
    before = match.string[max(0, start - _NEAR) : start].rstrip(" \t")
    after = match.string[end : end + _NEAR].lstrip(" \t")
    begins = not before or before.endswith(_ENDS)
    return begins, not after or after.startswith(_BEGINS) or after[0].isupper()
