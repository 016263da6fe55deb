"""Sounds that are written without vowels, which a voice would spell: Hmm, Shhh, Brrr."""

from __future__ import annotations

import re
import unicodedata

from ttsmonitor.language.tracked_text import TrackedText

_SOUNDS = {
    "es": (
        ("[mj]+h?[mj]*hm+|m+[jh]+m+", "ajá"),
        ("hm+(?:pf*h?)?|m{2,}h?|hum{2,}|ejem{2,}", "um"),
        ("s+h+|ch+s{2,}|ch{2,}", "chis"),
        ("p+s{2,}t*|p+s+t+|t+s{2,}", "chis"),
        ("b+r{2,}", "bru"),
        ("p+r{2,}", "pru"),
        ("g+r{2,}|r{3,}", "gur"),
        ("p+f{1,}t*|f{3,}", "puf"),
        ("v+r{2,}m*", "brum"),
        ("t+s*k+|t+c+h+", "cha"),
    ),
    "en": (
        ("m+h+m+", "uh huh"),
        ("hr?m+(?:ph|pf+)?|m{2,}h?", "um"),
        ("s+h{2,}", "shush"),
        ("b+r{2,}|p+r{2,}", "burr"),
        ("g+r{2,}|r{3,}", "gurr"),
        ("p+f{1,}t*|f{3,}", "poof"),
        ("p+s+t+|p+s{2,}|t+s{2,}", "psst"),
        ("v+r{2,}m*", "vroom"),
        ("b*z{3,}|b+z{2,}", "buzz"),
        ("t+s+k+", "tisk"),
    ),
}
"""Patterns of written sounds and how they are said, by the code of the language."""

_VOWELS = "aeiouyáéíóúüàèìòùâêîôû"
_NO_VOWELS = rf"(?:(?![{_VOWELS}\d_])\w)"
_WORD = re.compile(rf"(?<![\w'’-])(?<!\d\s){_NO_VOWELS}{{2,40}}(?![\w'’])", re.IGNORECASE)
_UNIT_LETTERS = 2
"""Letters of `mm` and `hm`, which are units within a sentence."""
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
_LONG_ROMAN = re.compile(r"[IVXLCDM]+\Z")
_UNSPEAKABLE = re.compile(r"(\w)\1\1", re.IGNORECASE)

_DOUBLED = re.compile(r"(?=.{4})\w*?(\w)\1", re.IGNORECASE)
"""No word, but a noise such as Fssh, Kshh or Tsss."""


def _compiled(sounds: tuple[tuple[str, str], ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"(?:{each})\Z", re.IGNORECASE), said) for each, said in sounds)


_PATTERNS = {lang: _compiled(sounds) for lang, sounds in _SOUNDS.items()}


def with_spoken_sounds(text: TrackedText, lang: str) -> TrackedText:
    """Return the text with sounds that a voice of that language can say, or without them."""
    patterns = _PATTERNS.get(lang)
    if patterns is None:
        return text
    text = text.sub(_WORD, lambda match: _said(match, patterns))
    return text.sub(_STRETCHED, _shortened)


def _said(match: re.Match[str], patterns: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    written = match[0]
    is_within = match.string[max(0, match.start() - 2) : match.start()][:1].isalnum()
    if len(written) == _UNIT_LETTERS and (is_within or written[1].isupper()):
        return written  # a unit or an acronym, as mm, hM or PF
    for pattern, said in patterns:
        if pattern.match(written):
            return said.capitalize() if written[0].isupper() else said
    if _LONG_ROMAN.match(written) or (written.isupper() and len(set(written)) == 1):
        return written
    is_noise = not written.isupper() and _DOUBLED.search(written)
    return "" if is_noise or _UNSPEAKABLE.search(written) else written


def _shortened(match: re.Match[str]) -> str:
    """Return a letter once that was stretched, as in Holaaa; `AAA` and `III` stay."""
    start, end = match.span()
    around = match.string[start - 1 : start] + match.string[end : end + 1]
    if match[0].isupper() and not any(map(str.isalpha, around)):
        return match[0]
    if _LONG_ROMAN.match(match[0]) or match[0].lower() == "www":
        return match[0]
    following = unicodedata.normalize("NFD", match.string[end : end + 1])
    return "" if following[:1].lower() == match[1].lower() else match[1]  # as in Siiiií
