"""Words and mood as a robot's markup: a mark for the face, then the words."""

from __future__ import annotations

import re

# Known numbers of a robot's faces: 0 neutral, 1 positive, 2 concerned.
_POSITIVE = ("happy", "positive", "curious")
_NEGATIVE = ("angry", "sad", "negative", "afraid", "concerned", "confused")
_FACES = dict.fromkeys(_POSITIVE, 1) | dict.fromkeys(_NEGATIVE, 2)
_STRAY_AMPERSAND = re.compile(r"&(?!#?\w+;)")
_STRAY_LESS_THAN = re.compile(r"<(?!/?[A-Za-z])")


def make_markup(speech: str, mood: str = "neutral", intensity: float = 0.5) -> str:
    """Return `speech` as markup. Tags stay; characters that would break the markup are escaped."""
    words = _STRAY_LESS_THAN.sub("&lt;", _STRAY_AMPERSAND.sub("&amp;", speech))
    face = _FACES.get(mood)
    if face is None:
        return words
    data = f"{{+mood+:{face},+intensity+:{intensity:.2g}}}"  # plus signs stand for quotes
    return f'<mark name="cmd:playback-mood,data:{data}"/>{words}'
