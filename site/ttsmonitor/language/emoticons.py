"""Take out faces and hearts that are drawn with letters and marks."""

from __future__ import annotations

import re

from ttsmonitor.language.tracked_text import TrackedText

_SIGNS = re.compile(r"[:;=^_<]|[xX]D|¯")
_EMOTICON = re.compile(
    r"(?<!\S)(?:[:;]['´]?[-o^]?(?:[)(\]\[/\\|*3vV]{1,4}|[DPpOoSs]{1,4})|=[)(D]{1,4}|[xX]D{1,4}"
    r"|\^[_.-]?\^|[TtOo0>][_.][TtOo0<]|-_-|¯\S{1,9}¯)(?=\s|[.,!?¡¿…]|\Z)"
    r"|(?:\A|(?<=\s))</?3+(?=\s*(?:\Z|[\n.,!?¡¿…]))|\A</?3+(?=\s)"
)
"""With a space before it, so that `12:30` and `a:b` are none; `<3 años` is a number."""


def without_emoticons(text: TrackedText) -> TrackedText:
    """Return the text without `:)`, `xD`, `<3` and the like."""
    return text.sub(_EMOTICON, "") if _SIGNS.search(text.text) else text
