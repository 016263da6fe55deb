"""Regular expressions that people write: validation, and search in what a child says."""

from __future__ import annotations

import functools
import re

from django.utils.translation import gettext as _

PATTERN_CHARACTERS = 300
SPEECH_CHARACTERS = 500
"""Characters that are searched; a child's sentence is not longer."""
FEW = 10
"""Number of repetitions up to which a nested one is fast enough."""
_TOKEN = re.compile(
    r"\\."  # an escaped character
    r"|\[\^?\]?(?:\\.|[^\]\\])*\]"  # a character class
    r"|(?P<repeat>[*+]|\{(?P<least>\d*)(?P<comma>,(?P<most>\d*))?\})"
    r"|.",
    re.DOTALL,
)


def find_problem(pattern: str) -> str:
    """Return why a pattern cannot be used, as a sentence; empty if it can."""
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as exc:
        return _("This pattern cannot be read: {reason}.").format(reason=exc)
    if compiled.search(""):
        return _("This pattern matches everything, so no other command would ever answer.")
    if _nests_repetitions(pattern):
        return _(
            "This pattern repeats a repetition, as in (a+)+, and may take"
            " hours to search. Write it with one repetition."
        )
    return ""


def _nests_repetitions(pattern: str) -> bool:
    """Return True if a repeated group has a repetition in it. The pattern has to be valid."""
    groups = [False]  # for each open group, whether a repetition is in it
    is_repeating = False  # the same for a group that was just closed
    for token in _TOKEN.finditer(pattern):
        if token["repeat"] is not None:
            if not _is_open(token):
                continue
            if is_repeating:
                return True
            groups[-1] = True
        elif token[0] == "(":
            groups.append(False)
            is_repeating = False
        elif token[0] == ")":
            is_repeating = groups.pop()
            groups[-1] = groups[-1] or is_repeating
        else:
            is_repeating = False
    return False


def _is_open(token: re.Match[str]) -> bool:
    """Return True for a repetition of more than FEW times."""
    if token["repeat"] in ("*", "+"):
        return True
    most = token["most"] if token["comma"] else token["least"]
    return not most or int(most) > FEW


@functools.lru_cache(256)
def _compile(pattern: str) -> re.Pattern[str] | None:
    return None if find_problem(pattern) else re.compile(pattern, re.IGNORECASE)


def matches(pattern: str, speech: str) -> bool:
    """Return True if the pattern is found in these words; an unusable one never is."""
    compiled = _compile(pattern)
    return compiled is not None and bool(compiled.search(speech[:SPEECH_CHARACTERS]))
