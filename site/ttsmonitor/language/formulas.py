"""Write the formulas of a language model, which are in LaTeX, with the usual signs."""

from __future__ import annotations

import re

from ttsmonitor.language.tracked_text import TrackedText

_SIGNS = {
    "times": "×",
    "cdot": "·",
    "div": "÷",
    "pm": "±",
    "le": "≤",
    "leq": "≤",
    "ge": "≥",
    "geq": "≥",
    "ne": "≠",
    "neq": "≠",
    "approx": "≈",
    "degree": "°",
    "circ": "°",
}
_FRACTION = re.compile(r"\\[dt]?frac\{([^{}\n]{1,40})\}\{([^{}\n]{1,40})\}")
_ROOT = re.compile(r"\\sqrt\{([^{}\n]{1,40})\}")
_WORDS = re.compile(r"\\(?:text|mathrm|mathbf|boxed)\{([^{}\n]{0,200})\}")
_SIGN = re.compile(r"\\(" + "|".join(sorted(_SIGNS, key=len, reverse=True)) + r")(?![A-Za-z])")
_MARKS = re.compile(r"\\[()\[\]]|\\(?:left|right)(?![A-Za-z])|\$\$")
_INLINE = re.compile(r"(?<![\w$])\$(?=\S)([^$\n]{0,80}[=×÷·^+][^$\n]{0,80})(?<=\S)\$(?![\w$])")
"""A formula between dollar signs. "$5 + $3" is money: a space is before its second sign."""


def without_formula_marks(text: TrackedText) -> TrackedText:
    """Return the text with the signs of arithmetic for the commands of LaTeX."""
    if "\\" in text.text:
        text = text.sub(_FRACTION, lambda match: f"{match[1]}/{match[2]}")
        text = text.sub(_ROOT, lambda match: f"√{match[1]}").keep_group(_WORDS)
        text = text.sub(_SIGN, lambda match: _SIGNS[match[1]]).sub(_MARKS, " ")
    if text.text.count("$") > 1:
        text = text.sub(_MARKS, " ").keep_group(_INLINE)
    return text
