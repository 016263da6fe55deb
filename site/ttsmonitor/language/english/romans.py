"""Roman numerals in English, where they are ones."""

from __future__ import annotations

import re

from ttsmonitor.language.english.cardinals import cardinal
from ttsmonitor.language.english.ordinals import ordinal
from ttsmonitor.language.roman_numerals import ROMAN, ROMAN_CHARACTER, letters, value
from ttsmonitor.language.rules import Region, Rule, previous_words

_RULERS = (
    "Henry|Edward|George|William|Richard|James|Charles|Elizabeth|Mary|Louis|Philip|Felipe|Carlos|Juan Carlos|Alfonso"
    "|John Paul|Benedict|Pius|Leo|Gregory|Francis|Innocent|Paul|John|Napoleon|Frederick|Wilhelm|Nicholas|Alexander"
    "|Catherine|Peter|Ivan|Ramses|Ramesses|Thutmose|Ptolemy|Cleopatra|Darius|Xerxes|Isabella|Ferdinand|Victoria"
    "|Margaret|Robert|David|Stephen|Harald|Haakon|Christian|Gustav|Otto|Constantine|Rudolf|Leopold|Albert"
)
_TITLES = frozenset("king queen pope emperor empress tsar czar pharaoh prince princess".split())
_SECTION = (
    "(?:World War|Super Bowl|[Cc]hapter|[Pp]art|[Vv]olume|[Bb]ook|[Aa]ct|[Ss]cene|[Ss]ection|[Aa]rticle|[Ll]evel"
    "|[Pp]hase|[Ss]tage|[Ee]pisode|[Ss]eason|[Uu]nit|[Ll]esson|[Tt]ype|[Cc]lass|[Gg]rade|[Aa]ppendix|[Ff]igure"
    "|[Tt]able|[Mm]ark|Olympiad|WrestleMania|[Tt]itle)"
)
_NOT_NUMERALS = frozenset("MI DI VI LI CI CD DC CC MM MD CM CV XL LL DL CL ML MC DM MV LC MIX".split())


def _section(match: re.Match[str], _region: Region) -> str:
    return f"{match['word']} {cardinal(value(match['numeral']))}"


def _ruler(match: re.Match[str], _region: Region) -> str:
    if match["numeral"] == "I" and not _ends_here(match):
        return match[0]
    return f"{match['name']} the {ordinal(value(match['numeral']))}"


def _ends_here(match: re.Match[str]) -> bool:
    """Whether "Charles I" is a king and not the start of what "I" do."""
    rest = match.string[match.end() : match.end() + 12]
    return bool(re.match(r"$|[.,;:!?)'’]|\s(?:of|was|and|ruled|reigned|became|had|is)\b", rest))


def _titled(match: re.Match[str], _region: Region) -> str:
    numeral = match["numeral"]
    if not _TITLES.isdisjoint(previous_words(match, 2)) and (numeral != "I" or _ends_here(match)):
        return f"{match['name']} the {ordinal(value(numeral))}"
    if len(numeral) == 1 or numeral in _NOT_NUMERALS or not set("IVX").issuperset(numeral):
        return match[0]
    return f"{match['name']} {cardinal(value(numeral))}"


def _alone(match: re.Match[str], _region: Region) -> str:
    numeral = match["numeral"]
    return numeral if numeral in _NOT_NUMERALS else cardinal(value(numeral))


RULES = (
    Rule(ROMAN_CHARACTER, letters),
    Rule(re.compile(rf"\b(?P<word>{_SECTION})\s(?P<numeral>{ROMAN})"), _section, "IVXLCDM"),
    Rule(re.compile(rf"\b(?P<name>{_RULERS})\s(?P<numeral>{ROMAN})(?!\.\w)"), _ruler, "IVXLCDM"),
    Rule(re.compile(rf"\b(?P<name>[A-Z][a-z]{{1,20}})\s(?P<numeral>{ROMAN})(?!\.\w|['’])"), _titled, "IVXLCDM"),
    Rule(re.compile(rf"(?<![\w.-])(?=[IVX]{{2}})(?P<numeral>{ROMAN})(?![-@]|\.\w)"), _alone, "IVX"),
)
