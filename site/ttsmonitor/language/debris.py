"""Take out what a language model writes for itself and for programs: thoughts, calls, code, marks.

A span that is never closed reaches to the end of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ttsmonitor.language.tracked_text import TrackedText

_THOUGHT = (
    "think(?:ing)?|thoughts?|reason(?:ing)?|reflection|scratchpad|analysis|inner_monologue"
    "|pensamientos?|razonamiento"
)
_CALL = (
    "tools?|tool_(?:calls?|use|code|results?|responses?|outputs?)"
    "|functions?|function_(?:calls?|results?)|invoke|parameters?|arguments|code_interpreter"
)
_HIDDEN = "script|style|svg|head|template"
_PREFIX = r"\s{0,3}(?:\w{1,20}:)?"
_CLOSING_END = r"\s{0,3}(?:>|▷|\]|\Z)"


@dataclass(frozen=True)
class _Kind:
    """A kind of span: how it begins, how it ends, and what stands there instead."""

    opening: str
    closing: re.Pattern[str]
    instead: str = " "
    must_close: bool = False
    """Only its mark is removed if it is not closed."""


def _element(names: str) -> _Kind:
    opening = rf"<{_PREFIX}(?:{names})\b[^<>]*(?:>|\Z)|◁{_PREFIX}(?:{names})▷"
    opening += rf"|\[(?:{names.upper()})\]"
    return _Kind(opening, _compiled(rf"[<◁\[]\s{{0,3}}/{_PREFIX}(?:{names}){_CLOSING_END}"))


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_KINDS = {
    "thought": _element(_THOUGHT),
    "call": _element(_CALL),
    "hidden": _element(_HIDDEN),
    "begun": _Kind(r"<[|｜]begin_of_thought[|｜]>", _compiled(r"<[|｜]end_of_thought[|｜]>")),
    "channel": _Kind(
        r"<\|channel\|>\s{0,3}(?:analysis|commentary)\b",
        _compiled(r"<\|(?:end|return|call)\|>|(?=<\|channel\|>\s{0,3}final)"),
    ),
    "json": _Kind(
        r"\[?\{\s{0,20}\"(?:name|function|tool|tool_name|tool_calls?)\"\s{0,5}:\s{0,5}[\"{\[]",
        re.compile(r"\}\s{0,20}\}+\s{0,20}\]?|\}\]?\s{0,20}\Z"),
    ),
    "comment": _Kind("<!--", _compiled("--!?>")),
    "instruction": _Kind(r"<?<?<?\[INST\]", _compiled(r"\[/INST\]"), must_close=True),
    "system": _Kind("<<SYS>>", _compiled("<</SYS>>"), must_close=True),
    "fence": _Kind(r"`{3,}", re.compile(r"`{3,}"), "\n"),
    "tildes": _Kind(r"(?m:^)[ \t]{0,3}~{3,}", re.compile(r"^[ \t]{0,3}~{3,}", re.MULTILINE), "\n"),
}
_STRAY = _KINDS["thought"].closing.pattern
_OPENING = _compiled(
    "|".join(f"(?P<{name}>{kind.opening})" for name, kind in _KINDS.items())
    + f"|(?P<stray>{_STRAY})"
)
_SIGNS = re.compile(r"[<\[`~◁{]")
"""Without these a text has no debris of a model."""

_ROLE = "assistant|asistente|model|user|usuario|system|human|ai"
_TOKENS = _compiled(
    rf"<[|｜](?:im_start|start|start_header_id)[|｜]>\s{{0,3}}(?:(?:{_ROLE})\b)?"
    rf"|<start_of_turn>\s{{0,3}}(?:(?:{_ROLE})\b)?"
    r"|<\|channel\|>\s{0,3}\w{0,20}"
    r"|<[|｜][^<>\n]{1,60}[|｜]>"
    r"|<[|｜]\w{0,60}\Z"
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS)\]|<</?SYS>>"
    r"|\[TOOL_CALLS\][^\n]*"
    r"|<0x[0-9a-f]{2}>|<!\[CDATA\[|\]\]>|<\?[^<>]*(?:\?>|>|\Z)|<![A-Za-z][^<>]*(?:>|\Z)"
)
_BEFORE_SPEAKER = r"\A(?:<[^<>]*>|[^\w¡¿\"'«“‘(–—%&+=€$£¥°@])*"
_SPEAKER = _compiled(
    _BEFORE_SPEAKER
    + r"(?:(?:\*\*|__)?(?:moxie|assistant|asistente|ai|ia)(?:\*\*|__)?\s?:(?:\*\*|__)?\s*){1,5}"
)


@dataclass(frozen=True)
class Span:
    """A part of a text that is not to be said."""

    start: int
    end: int
    instead: str = " "
    is_open: bool = False
    """Its end has not come."""


def silent_spans(text: str) -> list[Span]:
    """Return thoughts, calls, code and comments, in order and without overlap."""
    return list(_spans(text)) if _SIGNS.search(text) else []


def _spans(text: str) -> Iterator[Span]:
    end = 0
    found: list[Span] = []
    while (opening := _OPENING.search(text, end)) is not None:
        span = _span(text, opening)
        end = max(span.end, opening.end())
        if opening.lastgroup == "stray":
            found = [span]  # all before it was a thought, whose beginning was cut off
        elif span.end > span.start:
            found.append(span)
    yield from found


def _span(text: str, opening: re.Match[str]) -> Span:
    name, start = str(opening.lastgroup), opening.start()
    if name == "stray":
        is_all = not any(map(str.isalnum, text[opening.end() :]))
        return Span(start if is_all else 0, opening.end())
    kind = _KINDS[name]
    if opening[0].endswith("/>"):
        return Span(start, opening.end())
    closing = kind.closing.search(text, opening.end())
    if closing is not None:
        is_line = "\n" in text[start : closing.end()]
        return Span(start, closing.end(), kind.instead if is_line else " ")
    if kind.must_close:
        return Span(start, start)
    return Span(start, len(text), kind.instead, is_open=True)


def without_debris(text: TrackedText) -> TrackedText:
    """Return the text without thoughts, calls, code, control tokens and the speaker's name."""
    if spans := silent_spans(text.text):
        text = text.edited((span.start, span.end, span.instead) for span in spans)
    if _SIGNS.search(text.text):
        text = text.sub(_TOKENS, " ")
    return without_speaker(text)


def without_speaker(text: TrackedText) -> TrackedText:
    """Return the text without the name of who speaks, as in `Moxie: Hola`."""
    return text.sub(_SPEAKER, "") if ":" in text.text else text


def without_thoughts(text: str) -> str:
    """Return what a model says to people: `text` without thoughts, calls and control tokens."""
    return without_debris(TrackedText.of(text)).text
