"""English words for the signs of arithmetic."""

from __future__ import annotations

from ttsmonitor.language.arithmetic import (
    ArithmeticWords,
    arithmetic_rules,
    difference_of_fractions,
)

NO_NOUNS = frozenset(
    "is are equals makes was plus minus times divided and or in on at to for of by from with the"
    " a".split()
)

OF_FRACTIONS = (difference_of_fractions("minus"),)
RULES = arithmetic_rules(
    ArithmeticWords(
        operators={
            "+": "plus",
            "−": "minus",
            "×": "times",
            "÷": "divided by",
            "±": "plus or minus",
        },
        relations={
            "=": "equals",
            "≠": "is not equal to",
            "<": "is less than",
            ">": "is greater than",
            "≤": "is less than or equal to",
            "≥": "is greater than or equal to",
            "≈": "is about",
        },
        less="less than",
        more="more than",
        squared="squared",
        cubed="cubed",
        power="to the power of",
        square_root="the square root of",
        cube_root="the cube root of",
        range_word="to",
        asks_for_a_sum=frozenset("is are calculate solve".split()),
        counts_nothing=NO_NOUNS.__contains__,
    )
)
