"""English, of America and of Britain."""

from __future__ import annotations

from ttsmonitor.language.english import (
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
from ttsmonitor.language.language import Language
from ttsmonitor.language.rules import Region

_AMERICA = Region(month_first=True)
_BRITAIN = Region(words=frozenset({cardinals.BRITISH}))

ENGLISH = Language(
    rules=(
        *times.RULES,
        *dates.RULES,
        *telephones.RULES,
        *ordinals.DECADES,
        *ranges.DEGREE_PAIRS,
        *arithmetic.OF_FRACTIONS,
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
    digits=cardinals.digits_in_words,
    region=_AMERICA,
    regions=dict.fromkeys(("gb", "uk", "ie", "au", "nz", "in", "za"), _BRITAIN),
)
