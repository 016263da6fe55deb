"""Fractions in English."""

from __future__ import annotations

import re
import unicodedata

from ttsmonitor.language.english.cardinals import cardinal
from ttsmonitor.language.english.ordinals import ordinal
from ttsmonitor.language.english.units import PER_UNIT, per_unit, plural
from ttsmonitor.language.rules import AT_DIGITS, AT_FRACTION, Region, Rule, previous_word

_CHARACTERS = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒"
_PARTS = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_MARKS = (5, 10, 20, 100)
_BEFORE_MARKS = frozenset("got score scored gets a".split())
_NO_NOUNS = frozenset(
    "of the a an and or is are was were as in on at to for by with from left full more than"
    " remaining"
    " done complete that this it equals plus minus times off past before after".split()
)


def fraction_in_words(over: int, under: int) -> str:
    """Return a fraction: "one half", "three quarters", "two thirds"."""
    one, several = _PARTS.get(under) or (ordinal(under), ordinal(under) + "s")
    return f"{cardinal(over)} {one if over == 1 else several}"


def _split(written: str) -> tuple[int, int]:
    over, under = re.split("[/⁄]", unicodedata.normalize("NFKC", written))
    return int(over), int(under)


def _article(noun: str) -> str:
    return (
        "an"
        if (noun[0].lower() in "aeiou" and not noun.startswith(("uni", "use")) and noun != "hour")
        or noun == "hour"
        else "a"
    )


def _read(match: re.Match[str], _region: Region) -> str:
    over, under = _split(match["fraction"])
    if not 1 < under <= 1000 or over > 99 or (over >= under and under in (5, 10, 20, 100)):
        return f"{over} out of {under}"
    if over == under:
        return f"{over} {under}"
    if under in _MARKS and previous_word(match) in _BEFORE_MARKS:
        return f"{over} out of {under}"
    if over % under == 0 and not match["whole"]:
        return f"{over} divided by {under}" + ((match["noun"] and f" {match['noun']}") or "")
    noun = per_unit(match["unit"]) if match["unit"] else match["noun"] or ""
    is_noun = bool(noun) and noun not in _NO_NOUNS
    if match["whole"]:
        return f"{match['whole']} and {_small(over, under)}" + _counted(match, noun, is_noun)
    if not is_noun:
        return fraction_in_words(over, under) + (f" {noun}" if noun else "")
    if noun.endswith("s") and not match["unit"]:
        return f"{fraction_in_words(over, under)} {noun}"
    if (over, under) == (1, 2):
        return f"half {_article(noun)} {noun}"
    return f"{fraction_in_words(over, under)} of {_article(noun)} {noun}"


def _counted(match: re.Match[str], noun: str, is_noun: bool) -> str:
    if not noun:
        return ""
    return f" {plural(noun) if is_noun and match['unit'] else noun}"


def _small(over: int, under: int) -> str:
    return "a half" if (over, under) == (1, 2) else fraction_in_words(over, under)


_FRACTION = rf"(?P<fraction>[{_CHARACTERS}]|(?<!\d)\d{{1,4}}[/⁄]\d{{1,4}}(?![\w/]|[.,]\d))"
RULES = (
    Rule(
        re.compile(r"(?<![\w/.,-])24/7(?![\w/])"),
        lambda _match, _region: "twenty-four seven",
        "7",
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            rf"(?<![\w/.,])(?:(?P<whole>\d{{1,3}})[\s-]?)?{_FRACTION}"
            rf"(?:[\s-]?(?P<unit>{PER_UNIT})(?![\w²³/])|[\s-](?P<noun>[a-z]{{1,20}})(?![\w/]))?"
        ),
        _read,
        "/⁄" + _CHARACTERS,
        AT_FRACTION,
    ),
)
