"""Patterns of people: which can be used, and looking for them in what a child says."""

from __future__ import annotations

import functools
import re
from re import _constants, _parser  # type: ignore[attr-defined]  # there is no public parser
from typing import Any

from django.utils.translation import gettext as _

PATTERN_CHARACTERS = 300
SPEECH_CHARACTERS = 500
"""What is looked through, at most: a child's sentence is not longer."""
_REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT}
FEW = 10
"""A repetition up to this often is none that takes long."""


def problem_of(pattern: str) -> str:
    """Why a pattern cannot be used, in a sentence; empty where it can."""
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
        parsed = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as exc:
        return _("This pattern cannot be read: {reason}.").format(reason=exc)
    if compiled.search(""):
        return _("This pattern fits everything, so nothing else would ever be answered.")
    if _nests(parsed, is_inside=False):
        return _(
            "This pattern repeats what is itself repeated, as in (a+)+, which can take hours to"
            " look for. Write it with one repetition."
        )
    return ""


def _nests(node: Any, *, is_inside: bool) -> bool:
    """Is there an open repetition within an open repetition?"""
    if isinstance(node, _parser.SubPattern | list):
        return any(_nests(each, is_inside=is_inside) for each in node)
    if not isinstance(node, tuple):
        return False
    is_open = node[0] in _REPEATS and node[1][1] > FEW
    if is_open and is_inside:
        return True
    return any(_nests(each, is_inside=is_inside or is_open) for each in node)


@functools.lru_cache(256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    return None if problem_of(pattern) else re.compile(pattern, re.IGNORECASE)


def fits(pattern: str, speech: str) -> bool:
    """Is the pattern in these words? One that cannot be used is in none."""
    compiled = _compiled(pattern)
    return compiled is not None and bool(compiled.search(speech[:SPEECH_CHARACTERS]))
