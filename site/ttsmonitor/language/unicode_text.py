"""Make of any Unicode text one of usual characters: what looks alike is alike from here on."""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from collections.abc import Callable

from ttsmonitor.language.tracked_text import TrackedText

_USUAL = re.compile(r"[\n -%'-~¡-¬®-³µ-ÿ…]*")
"""Nothing is to be done where a text has only these."""
_ENTITY = re.compile(r"&(?:amp;){0,4}(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_NESTED_ENTITIES = 5
_ACCENT = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_ACCENTED = re.compile(rf".?{_ACCENT}{{1,4}}", re.DOTALL)
_ACCENTS = re.compile(_ACCENT)
_SAME = frozenset("\n…¹²³⁰⁴⁵⁶⁷⁸⁹ªº°©®™")
_LINE_ENDS = frozenset("\v\f\x85\u2028\u2029")
_JOINING_SPACES = frozenset("\u00a0\u2007\u2009\u202f")
"""Spaces inside a number, as in 10 000."""
_SPELLED = {"№": "No.", "−": "-", "⁄": "/", "∕": "/", "´": "'", "‐": "-", "‑": "-", "\ufffd": " "}
_NOTHING = re.compile("[\u115f\u1160\u3164\uffa0\ufe00-\ufe0f\U000e0000-\U000e0fff]")
"""Fillers and the selectors of emoji, which have neither width nor sound."""
_SILENT_CATEGORIES = frozenset({"Cc", "Co", "Cn", "Cs", "So", "Sk"})


def with_usual_characters(text: TrackedText) -> TrackedText:
    """Return the text in NFC, without entities, invisible characters and letters in disguise.

    Characters that say something about a number stay (º, ª, ², ½, a space that may not be broken).
    Emoji and control characters become spaces, ends of lines newlines.
    """
    if _USUAL.fullmatch(text.text):
        return text
    text = _replaced(text, _ENTITY, _character).translate(_usual)
    return _replaced(text, _ACCENTED, _composed) if _ACCENTS.search(text.text) else text


def _replaced(
    text: TrackedText, pattern: re.Pattern[str], replacement: Callable[[str], str]
) -> TrackedText:
    return text.edited((*each.span(), replacement(each[0])) for each in pattern.finditer(text.text))


@functools.lru_cache(maxsize=1024)
def _character(written: str) -> str:
    for _ in range(_NESTED_ENTITIES):
        if (read := html.unescape(written)) == written:
            break
        written = read
    return written


@functools.lru_cache(maxsize=4096)
def _usual(character: str) -> str:
    if (" " <= character <= "~") or character in _SAME:
        return character
    if character in _SPELLED:
        return _SPELLED[character]
    if character in _LINE_ENDS:
        return "\n"
    if character in _JOINING_SPACES:
        return "\u00a0"
    if _NOTHING.match(character):
        return ""
    return _by_category(character, unicodedata.category(character))


def _by_category(character: str, category: str) -> str:
    if category == "Cf":
        return ""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    compatible = _compatible(character)
    if category in _SILENT_CATEGORIES and not compatible.isalnum() and compatible[:1] != "°":
        return " "
    return " " if compatible.isspace() else compatible


def _compatible(character: str) -> str:
    """Return a plain letter for a letter in disguise; fractions stay."""
    if unicodedata.decomposition(character).startswith("<fraction>"):
        return character
    return unicodedata.normalize("NFKC", character)


@functools.lru_cache(maxsize=1024)
def _composed(letter: str) -> str:
    """Join a letter and its accents into one character; drop accents that no letter has."""
    return _ACCENTS.sub("", unicodedata.normalize("NFC", letter))
