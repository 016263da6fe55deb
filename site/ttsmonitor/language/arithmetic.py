"""Signs of arithmetic: replaced by words, while the numbers are left to a later rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ttsmonitor.language.rules import AT_DIGITS, Region, Rule, next_words, previous_word

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_ASKS = re.compile(r"\s?[=?]")
_OPERAND = r"[\d)½¼¾²³%]"


@dataclass(frozen=True)
class ArithmeticWords:
    """The words of a language for the signs of arithmetic."""

    operators: Mapping[str, str]
    """Words for `+ − × ÷ ±`."""
    relations: Mapping[str, str]
    """Words for `= ≠ < > ≤ ≥ ≈`."""
    less: str
    """Before a number, as in "< 5 años"."""
    more: str
    squared: str
    cubed: str
    power: str
    """The words before any other exponent."""
    square_root: str
    cube_root: str
    range_word: str
    """The word between the ends of a range."""
    asks_for_a_sum: frozenset[str]
    """Words before a sum, as in "cuánto es 7 - 3"."""
    counts_nothing: Callable[[str], bool]
    """Return True if a word after a number is not a noun."""


def arithmetic_rules(words: ArithmeticWords) -> tuple[Rule, ...]:
    """Return the rules for the signs of arithmetic."""
    return (
        Rule(re.compile(r"(?<=\d)!(?=\s?[=+×÷*/-])"), lambda _match, _region: " factorial", "!"),
        *_power_rules(words),
        *_operator_rules(words),
        *_minus_rules(words),
        *_relation_rules(words),
        Rule(re.compile(r"(?<![^\W\d_])π(?![^\W\d_])"), lambda _match, _region: " pi", "π"),
    )


def difference_of_fractions(minus: str) -> Rule:
    """Return the rule for "3/4 - 1/4 =", to be applied before the fractions are words."""
    return Rule(
        re.compile(r"(\d/\d{1,3})\s?[-−–]\s?(?=\d{1,3}/\d{1,3}\s?[=?])"),
        lambda match, _region: f"{match[1]} {minus} ",
        "/",
        AT_DIGITS,
    )


def _power_rules(words: ArithmeticWords) -> tuple[Rule, ...]:
    roots = {"√": words.square_root, "∛": words.cube_root}

    def power(match: re.Match[str], _region: Region) -> str:
        exponent = (match["raised"] or match["caret"]).translate(_SUPERSCRIPTS)
        said = {"2": words.squared, "3": words.cubed}.get(exponent)
        minus = exponent.replace("-", words.operators["−"] + " ")
        return f"{match['base']} {said or f'{words.power} {minus}'}"

    return (
        Rule(re.compile(r"[√∛]\s?(?=[\w(])"), lambda match, _: f"{roots[match[0][0]]} ", "√∛"),
        Rule(
            re.compile(
                r"(?P<base>[\w)])(?:(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]{1,9})|\^\(?(?P<caret>-?\d{1,9}|"
                r"[a-z])\)?)"
            ),
            power,
            "⁰¹²³⁴⁵⁶⁷⁸⁹^",
        ),
    )


def _operator_rules(words: ArithmeticWords) -> tuple[Rule, ...]:
    names = {
        **words.operators,
        **dict.fromkeys("·*xX", words.operators["×"]),
    }
    divided = f" {words.operators['÷']} "

    def operator(match: re.Match[str], _region: Region) -> str:
        return f" {names[match['sign']]} "

    return (
        Rule(
            re.compile(
                rf"[ ]?(?P<sign>[×·*÷+−±])(?:(?<={_OPERAND}.)|(?<={_OPERAND}\s.))\s{{0,3}}(?=[-−]?"
                rf"[\d(√½¼¾])"
            ),
            operator,
            "×·*÷+−±",
        ),
        Rule(
            re.compile(r"\s?(?P<sign>[×÷])(?:(?<=\w.)|(?<=\w\s.))\s?(?=[\w(√-])"),
            operator,
            "×÷",
        ),
        Rule(re.compile(r"(?P<sign>±)\s?(?=\d)"), operator, "±"),
        Rule(re.compile(r"\s(?P<sign>x)(?<=[^\W\d_]\s.)\s(?=\d)"), operator, "x"),
        Rule(
            re.compile(r"\s?(?P<sign>[xX])(?:(?<=[\d)].)|(?<=[\d)]\s.))\s?(?=\d)"), operator, "xX"
        ),
        Rule(
            re.compile(
                rf"\s?/(?:(?<={_OPERAND}.)(?=\d{{1,9}}\s?=)|(?<={_OPERAND}\s.)\s(?=[\d(]))|\s:"
                rf"(?<=\d\s.)\s(?=\d)|:(?<=\d.)\s(?=\d{{1,9}}\s?=)"
            ),
            lambda _match, _region: divided,
            "/:",
        ),
    )


def _minus_rules(words: ArithmeticWords) -> tuple[Rule, ...]:
    minus = words.operators["−"]
    follows = "|".join(re.escape(words.operators[sign]) for sign in ("+", "−", "×", "÷"))

    def spaced(match: re.Match[str], _region: Region) -> str:
        """Read "7 - 3" as a subtraction, and "3 - 5 años" as a range."""
        before, after = previous_word(match), next_words(match)
        is_sum = before in words.asks_for_a_sum or before in words.operators.values()
        counts = bool(after) and not words.counts_nothing(after[0].lower())
        is_range = not is_sum and (
            counts or (bool(before) and not _ASKS.match(match.string, match.end()))
        )
        return f"{match['left']} {words.range_word if is_range else minus} {match['right']}"

    return (
        Rule(
            re.compile(
                r"(?P<left>[\d)])\s?[-–—]\s?"
                rf"(?=\d{{1,9}}(?:[.,]\d{{1,3}})?(?:\s?=|\s(?:{follows})\s))"
            ),
            lambda match, _region: f"{match['left']} {minus} ",
            "-–—",
        ),
        Rule(
            re.compile(r"(?P<left>[\d)])\s[-–—]\s(?P<right>\(|\d{1,9}(?:[.,]\d{1,3})?(?![\d:/]))"),
            spaced,
            "-–—",
        ),
        Rule(
            re.compile(r"[-−–](?<![^\s(«\"“¿¡=].)(?=\d)"),
            lambda _match, _region: f"{minus} ",
            "-−–",
        ),
    )


def _relation_rules(words: ArithmeticWords) -> tuple[Rule, ...]:
    def relation(match: re.Match[str], _region: Region) -> str:
        return f" {words.relations[match['sign']]} "

    limits = {"<": words.less, ">": words.more}
    return (
        Rule(
            re.compile(r"(?P<sign>[<>])(?<![^\s(].)(?<![\w)]\s.)\s?(?=\d)"),
            lambda match, _region: f"{limits[match['sign']]} ",
            "<>",
        ),
        Rule(
            re.compile(r"\s?(?P<sign>[=≠≤≥≈])(?<=[\w)²³ ].)\s?(?=[\w(?¿_√-])"),
            relation,
            "=≠≤≥≈",
        ),
        Rule(
            re.compile(r"\s(?P<sign>[<>])(?<=[\w)]\s.)\s(?=[\w(-])"),
            relation,
            "<>",
        ),
        Rule(re.compile(r"(?P<sign>[<>])(?<=\d.)(?=\d)"), relation, "<>"),
    )
