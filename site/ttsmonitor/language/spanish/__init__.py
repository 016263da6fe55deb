"""Spanish, of Spain and of Latin America."""

from __future__ import annotations

from ttsmonitor.language.language import Language
from ttsmonitor.language.rules import Region
from ttsmonitor.language.spanish import (
    abbreviations,
    acronyms,
    arithmetic,
    cardinals,
    dates,
    fractions,
    money,
    ordinals,
    own_words,
    ranges,
    romans,
    signs,
    telephones,
    times,
    units,
)

_SPAIN = Region(decimal=",")
_AMERICA = frozenset({acronyms.AMERICAN_LETTERS, dates.FIRST_IS_ORDINAL})
_POINT_AND_PESO = Region(decimal=".", dollar="peso", words=_AMERICA)
_POINT_AND_DOLLAR = Region(decimal=".", words=_AMERICA)
_COMMA_AND_PESO = Region(decimal=",", dollar="peso", words=_AMERICA)
_COMMA_AND_DOLLAR = Region(decimal=",", words=_AMERICA)

SPANISH = Language(
    rules=(
        *times.RULES,
        *dates.RULES,
        *telephones.RULES,
        *ranges.DECADES,
        *ranges.DEGREE_PAIRS,
        *arithmetic.OF_FRACTIONS,
        *ordinals.DEGREE_SIGNS,
        *fractions.RULES,
        *units.RANGES,
        *money.RULES,
        *units.RULES,
        *abbreviations.RULES,
        *ordinals.RULES,
        *romans.RULES,
        *arithmetic.RULES,
        *ranges.RULES,
        *acronyms.RULES,
        *signs.RULES,
        *cardinals.RULES,
    ),
    own_words=own_words.OWN_WORDS,
    own_letters=own_words.OWN_LETTERS,
    digits=cardinals.digits_in_words,
    region=_SPAIN,
    regions={
        "419": _POINT_AND_PESO,
        "mx": _POINT_AND_PESO,
        "do": _POINT_AND_PESO,
        "cu": _POINT_AND_PESO,
        "us": _POINT_AND_DOLLAR,
        "pr": _POINT_AND_DOLLAR,
        "pa": _POINT_AND_DOLLAR,
        "sv": _POINT_AND_DOLLAR,
        "gt": _POINT_AND_DOLLAR,
        "hn": _POINT_AND_DOLLAR,
        "ni": _POINT_AND_DOLLAR,
        "pe": _POINT_AND_DOLLAR,
        "ar": _COMMA_AND_PESO,
        "cl": _COMMA_AND_PESO,
        "co": _COMMA_AND_PESO,
        "uy": _COMMA_AND_PESO,
        "ec": _COMMA_AND_DOLLAR,
        "ve": _COMMA_AND_DOLLAR,
        "py": _COMMA_AND_DOLLAR,
        "bo": _COMMA_AND_DOLLAR,
        "cr": _COMMA_AND_DOLLAR,
    },
)
