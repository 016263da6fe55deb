"""Roman numerals in English, where they are ones."""

from __future__ import annotations

import re

from ttsmonitor.language.english.cardinals import cardinal
from ttsmonitor.language.english.ordinals import ordinal
from ttsmonitor.language.roman_numerals import AT_ROMAN, ROMAN, ROMAN_CHARACTER, letters, value
from ttsmonitor.language.rules import Region, Rule, next_words, previous_words

_RULERS = frozenset(
    "henry edward george william richard james charles elizabeth mary louis philip felipe"
    " carlos juan alfonso john paul benedict pius leo gregory francis innocent napoleon"
    " frederick wilhelm nicholas alexander catherine peter ivan ramses ramesses thutmose"
    " ptolemy cleopatra darius xerxes isabella ferdinand victoria margaret robert david"
    " stephen harald haakon christian gustav otto constantine rudolf leopold albert".split()
)
_TITLES = frozenset("king queen pope emperor empress tsar czar pharaoh prince princess".split())
_SECTIONS = frozenset(
    "war bowl chapter part volume book act scene section article level phase stage episode season"
    " unit"
    " lesson type class grade appendix figure table mark olympiad wrestlemania title".split()
)
"""Words before a numeral, which is then a cardinal."""
_EVENTS = frozenset("century olympiad games congress edition dynasty anniversary crusade".split())
"""Words after a numeral, which is then an ordinal."""
_NOT_NUMERALS = frozenset(
    "MI DI VI LI CI CD DC CC MM MD CM CV XL LL DL CL ML MC DM MV LC MIX".split()
)
"""Words and abbreviations that look like numerals."""
_NAME = re.compile(r"(?P<name>[^\W\d_]{1,30})\s\Z")
_AFTER_RULER = re.compile(r"$|[.,;:!?)'’]|\s(?:of|was|and|ruled|reigned|became|had|is)\b")


def _read(match: re.Match[str], _region: Region) -> str:
    numeral, before = match[0], previous_words(match, 3)
    after = next_words(match)
    if after and after[0].lower() in _EVENTS and numeral not in _NOT_NUMERALS and numeral != "I":
        return ordinal(value(numeral))
    if before and before[0].removesuffix("s") in _SECTIONS:
        return numeral if numeral == "I" and not _may_be_one(match, before) else _number(numeral)
    name = _NAME.search(match.string, max(0, match.start() - 32), match.start())
    if name and name["name"].istitle():
        is_ruler = name["name"].lower() in _RULERS or not _TITLES.isdisjoint(before[1:])
        if is_ruler and (numeral != "I" or _AFTER_RULER.match(match.string, match.end())):
            return f"the {ordinal(value(numeral))}"
    if len(numeral) == 1 or numeral in _NOT_NUMERALS or not set("IVX").issuperset(numeral):
        return numeral
    return _number(numeral)


def _number(numeral: str) -> str:
    return cardinal(value(numeral))


def _may_be_one(match: re.Match[str], before: list[str]) -> bool:
    """Return True if I is a number: in "World War I ended", not in "the part I like"."""
    named = match.string[max(0, match.start() - 32) : match.start()].split()[-1:]
    return before[0] in ("war", "bowl") or bool(named and named[0].istitle())


RULES = (
    Rule(ROMAN_CHARACTER, letters),
    Rule(re.compile(rf"(?<![\w.-]){ROMAN}(?![-@]|\.\w|['’](?!s\b)\w)"), _read, "IVXLCDM", AT_ROMAN),
)
