"""Amounts of money in English."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ttsmonitor.language.amount import NUMBER, parse
from ttsmonitor.language.english.units import PER_UNIT, per_unit
from ttsmonitor.language.rules import AT_DIGITS, DIGITS, Region, Rule, next_words


@dataclass(frozen=True)
class _Currency:
    """The names of a currency and of its hundredth part."""

    one: str
    several: str
    cent: str = "cent"
    cents: str = "cents"

    def words(self, is_one: bool) -> str:
        return self.one if is_one else self.several


_CURRENCIES = {
    "dollar": _Currency("dollar", "dollars"),
    "euro": _Currency("euro", "euros"),
    "pound": _Currency("pound", "pounds", "penny", "pence"),
    "yen": _Currency("yen", "yen"),
    "rupee": _Currency("rupee", "rupees", "paisa", "paise"),
    "peso": _Currency("peso", "pesos", "centavo", "centavos"),
}
_SIGNS = {
    "€": "euro",
    "EUR": "euro",
    "$": "dollar",
    "US$": "dollar",
    "USD": "dollar",
    "£": "pound",
    "GBP": "pound",
    "¥": "yen",
    "JPY": "yen",
    "₹": "rupee",
    "MXN": "peso",
    "A$": "dollar",
    "C$": "dollar",
}
_SIGN = "|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True))
_SCALE = r"(?P<scale>[kKmMbB](?!\w)|\s?(?:thousand|hundred|million|billion|trillion)\b)"
_PRICED = frozenset(
    "bill bills note notes coin coins bet gift ticket tickets tip fine prize fee toy"
    " discount".split()
)
"""Nouns after a price that is an adjective: "a ten dollar bill"."""
_SCALES = {"k": "thousand", "m": "million", "b": "billion"}
_PER = rf"(?:\s?/\s?(?P<per>{PER_UNIT})(?P<per_power>[²³])?(?!\w))?"


def money_in_words(written: str, currency: _Currency, scale: str, region: Region) -> str:
    """Return an amount of money; whole numbers are left to the rule of cardinals."""
    amount = parse(written, region.decimal)
    if scale:
        name = _SCALES.get(scale.strip().lower(), scale.strip())
        return f"{written} {name} {currency.several}"
    if amount is None or len(amount.decimals) != 2:
        return f"{written} {currency.words(amount is not None and amount.is_one)}"
    whole, cents = int(amount.whole), int(amount.decimals)
    small = f"{cents} {currency.cent if cents == 1 else currency.cents}"
    if not whole and cents:
        return small
    words = f"{whole} {currency.words(whole == 1)}"
    return f"{words} and {small}" if cents else words


def _read(match: re.Match[str], region: Region) -> str:
    currency = _CURRENCIES[_SIGNS[match["sign"]]]
    words = money_in_words(match["number"], currency, match["scale"] or "", region)
    if match["per"]:
        words += f" per {per_unit(match['per'], match['per_power'] or '')}"
    after = next_words(match)
    if after and after[0] in _PRICED and not match["per"]:
        words = re.sub(r"^(\S+) (dollar|pound|euro|cent)s$", r"\1 \2", words)
    lead = re.sub(r"[^\d.,]", "", match["range"] or "")
    return f"{lead} to {words}" if lead else words


def _cents(match: re.Match[str], _region: Region) -> str:
    return f"{match['number']} {'cent' if match['number'] == '1' else 'cents'}"


_MINUS = re.compile(rf"[-−](?<!\w.)\s?(?=(?:{_SIGN})\s?\d)")
_AT_SIGN = re.compile(r"[€$£¥₹]|[A-Z](?<!\w.)(?=[A-Z$])")
RULES = (
    Rule(_MINUS, lambda _match, _region: "minus ", "-−"),
    Rule(
        re.compile(
            rf"(?<!\w)(?P<sign>{_SIGN}) ?"
            rf"(?P<range>\d{{1,6}}(?:[.,]\d{{1,3}})?(?:\s?[-–—]\s?|\sto\s)(?:{_SIGN})?)?"
            rf"(?P<number>{NUMBER})(?:{_SCALE})?{_PER}"
        ),
        _read,
        DIGITS,
        _AT_SIGN,
    ),
    Rule(
        re.compile(
            rf"(?<![\d.,])(?P<range>)(?P<number>{NUMBER})"
            rf"(?:{_SCALE})?[ \u00a0]?(?P<sign>{_SIGN})(?!\w){_PER}"
        ),
        _read,
        DIGITS,
        AT_DIGITS,
    ),
    Rule(re.compile(rf"(?<![\d.,])(?P<number>{NUMBER})\s?¢"), _cents, "¢", AT_DIGITS),
)
