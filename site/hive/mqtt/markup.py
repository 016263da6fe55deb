"""Words and mood as a robot's markup: a mark for the face, then the words."""

from __future__ import annotations

import re

# A robot's faces have numbers; those known are 0 neutral, 1 positive, 2 concerned.
_FACES = {
    "happy": 1, "positive": 1, "curious": 1,
    "angry": 2, "sad": 2, "negative": 2, "afraid": 2, "concerned": 2, "confused": 2,
}  # fmt: skip
_STRAY_AMPERSAND = re.compile(r"&(?!#?\w+;)")
_STRAY_LESS_THAN = re.compile(r"<(?!/?[A-Za-z])")


def make_markup(speech: str, mood: str = "neutral", intensity: float = 0.5) -> str:
    """`speech` as markup. Tags in it stay tags; signs that would break the markup are escaped."""
    words = _STRAY_LESS_THAN.sub("&lt;", _STRAY_AMPERSAND.sub("&amp;", speech))
    face = _FACES.get(mood)
    if face is None:
        return words
    data = f"{{+mood+:{face},+intensity+:{intensity:.2g}}}"  # plus signs stand for quotes
    return f'<mark name="cmd:playback-mood,data:{data}"/>{words}'
