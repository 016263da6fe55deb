"""Spanish words for the signs of arithmetic."""

from __future__ import annotations

from ttsmonitor.language.arithmetic import (
    ArithmeticWords,
    arithmetic_rules,
    difference_of_fractions,
)
from ttsmonitor.language.spanish.nouns import is_function_word

OF_FRACTIONS = (difference_of_fractions("menos"),)
RULES = arithmetic_rules(
    ArithmeticWords(
        operators={"+": "más", "−": "menos", "×": "por", "÷": "entre", "±": "más menos"},
        relations={
            "=": "igual a",
            "≠": "distinto de",
            "<": "menor que",
            ">": "mayor que",
            "≤": "menor o igual que",
            "≥": "mayor o igual que",
            "≈": "aproximadamente igual a",
        },
        less="menos de",
        more="más de",
        squared="al cuadrado",
        cubed="al cubo",
        power="elevado a",
        square_root="raíz cuadrada de",
        cube_root="raíz cúbica de",
        range_word="a",
        asks_for_a_sum=frozenset("es son calcula cuánto cuanto resta resuelve haz".split()),
        counts_nothing=is_function_word,
    )
)
