"""Amounts of money in Spanish."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ttsmonitor.language.amount import NUMBER, Amount, parse
from ttsmonitor.language.rules import AT_DIGITS, DIGITS, Region, Rule
from ttsmonitor.language.spanish.units import PER_UNIT, per_unit, plural


@dataclass(frozen=True)
class _Currency:
    """The names of a currency and of its hundredth part."""

    name: str
    cent: str = "centavo"

    def words(self, is_one: bool) -> str:
        return self.name if is_one else _several(self.name)


def _several(name: str) -> str:
    head, of, rest = name.partition(" de ")
    first, *others = head.split(" ")
    words = [
        plural(first)
        if first not in ("sol", "real", "yen", "yuan", "dólar", "euro")
        else _REGULAR[first]
    ]
    words += [_REGULAR.get(word, word) for word in others]
    return " ".join(words) + of + rest


_REGULAR = {
    "sol": "soles",
    "real": "reales",
    "yen": "yenes",
    "yuan": "yuanes",
    "dólar": "dólares",
    "euro": "euros",
    "esterlina": "esterlinas",
    "mexicano": "mexicanos",
    "colombiano": "colombianos",
    "chileno": "chilenos",
    "argentino": "argentinos",
    "estadounidense": "estadounidenses",
    "suizo": "suizos",
    "boliviano": "bolivianos",
    "uruguayo": "uruguayos",
}
_CURRENCIES = {
    "euro": _Currency("euro", "céntimo"),
    "dollar": _Currency("dólar"),
    "peso": _Currency("peso"),
    "pound": _Currency("libra", "penique"),
    "yen": _Currency("yen"),
    "sol": _Currency("sol", "céntimo"),
    "real": _Currency("real"),
    "colon": _Currency("colón", "céntimo"),
    "boliviano": _Currency("boliviano"),
    "mexican": _Currency("peso mexicano"),
    "argentine": _Currency("peso argentino"),
    "chilean": _Currency("peso chileno"),
    "colombian": _Currency("peso colombiano"),
    "uruguayan": _Currency("peso uruguayo"),
    "franc": _Currency("franco suizo", "céntimo"),
    "bitcoin": _Currency("bitcoin"),
    "rupee": _Currency("rupia"),
    "won": _Currency("won"),
    "peseta": _Currency("peseta", "céntimo"),
}
_SIGNS = {
    "€": "euro",
    "EUR": "euro",
    "US$": "dollar",
    "U$S": "dollar",
    "USD": "dollar",
    "£": "pound",
    "GBP": "pound",
    "¥": "yen",
    "JPY": "yen",
    "S/.": "sol",
    "S/": "sol",
    "PEN": "sol",
    "R$": "real",
    "BRL": "real",
    "₡": "colon",
    "Bs.": "boliviano",
    "Bs": "boliviano",
    "MXN": "mexican",
    "MX$": "mexican",
    "ARS": "argentine",
    "AR$": "argentine",
    "CLP": "chilean",
    "COP": "colombian",
    "UYU": "uruguayan",
    "CHF": "franc",
    "₿": "bitcoin",
    "₹": "rupee",
    "₩": "won",
    "ptas": "peseta",
    "pta": "peseta",
    "euros": "euro",
}
_SIGN = "|".join(
    re.escape(sign) for sign in sorted((*_SIGNS, "$"), key=len, reverse=True) if sign != "euros"
)
_SCALE = r"(?P<scale>[kKM](?!\w)|\s?(?:mil\s)?(?:millones|millón|mil|MM|M(?!\w)|billones)\b)"
_SCALES = {"k": "mil", "K": "mil", "M": "millones", "MM": "millones"}
_PER = rf"(?:\s?/\s?(?P<per>{PER_UNIT})(?P<per_power>[²³])?(?!\w))?"
_SPACE = "[ \u00a0\u202f]?"


def _currency(sign: str, region: Region) -> _Currency:
    return _CURRENCIES[region.dollar if sign == "$" else _SIGNS[sign]]


def money_in_words(written: str, currency: _Currency, scale: str, region: Region) -> str:
    """Return an amount of money; whole numbers are left to the rule of cardinals."""
    amount = parse(written, region.decimal)
    if scale:
        name = _SCALES.get(scale.strip(), scale.strip())
        if amount and amount.is_one and name == "millones":
            name = "millón"
        of = "" if name.endswith("mil") else " de"
        return f"{written} {name}{of} {currency.words(False)}"
    if amount is None:
        return f"{written} {currency.words(False)}"
    if len(amount.decimals) != 2:
        return f"{written} {currency.words(amount.is_one)}"
    return _with_cents(amount, currency)


def _with_cents(amount: Amount, currency: _Currency) -> str:
    whole, cents = int(amount.whole), int(amount.decimals)
    if not whole and cents:
        return f"{cents} {currency.cent if cents == 1 else currency.cent + 's'}"
    words = f"{whole} {currency.words(whole == 1)}"
    if not cents:
        return words
    if cents == 1:
        return f"{words} con 1 {currency.cent}"
    return f"{words} con {cents}"


def _read(match: re.Match[str], region: Region) -> str:
    currency = _currency(match["sign"], region)
    if named := match["named"]:
        currency = _CURRENCIES[_NAMED[named.strip()[:4]]]
    words = money_in_words(match["number"], currency, match["scale"] or "", region)
    if match["per"]:
        words += f" por {per_unit(match['per'], match['per_power'] or '')}"
    lead = re.sub(r"[^\d.,]", "", match["range"] or "")
    return f"{lead} a {words}" if lead else words


def _cents(match: re.Match[str], region: Region) -> str:
    return f"{match['number']} {'centavo' if match['number'] == '1' else 'centavos'}"


_NAMED = {"dóla": "dollar", "peso": "peso", "euro": "euro"}
"""Currencies that are named after their amount: "$5 pesos"."""
_MINUS = re.compile(rf"[-−](?<!\w.)\s?(?=(?:{_SIGN})\s?\d)")
_AT_SIGN = re.compile(r"[€$£¥₡₿₹₩]|[A-Z](?<!\w.)(?=[A-Z$s/])")
RULES = (
    Rule(_MINUS, lambda _match, _region: "menos ", "-−"),
    Rule(
        re.compile(
            rf"(?<!\w)(?P<sign>{_SIGN}){_SPACE}"
            rf"(?P<range>\d{{1,6}}(?:[.,]\d{{1,3}})?(?:\s?[-–—]\s?|\sa\s)(?:{_SIGN})?)?"
            rf"(?P<number>{NUMBER})(?:{_SCALE})?{_PER}(?:\s?(?:USD|MXN|ARS|COP|CLP)\b)?"
            r"(?P<named>\s(?:dólar|peso|euro)(?:e?s)?\b)?"
        ),
        _read,
        DIGITS,
        _AT_SIGN,
    ),
    Rule(
        re.compile(
            rf"(?<![\d.,])(?P<range>)(?P<number>{NUMBER})"
            rf"(?:{_SCALE})?{_SPACE}(?P<sign>{_SIGN})(?![\w])(?P<named>){_PER}"
        ),
        _read,
        DIGITS,
        AT_DIGITS,
    ),
    Rule(
        re.compile(r"(?P<sign>[€£¥$])(?<=[a-z]\s.)(?![\w$])"),
        lambda match, region: _currency(match["sign"], region).words(False),
        "€£¥$",
    ),
    Rule(re.compile(rf"(?<![\d.,])(?P<number>{NUMBER})\s?¢"), _cents, "¢", AT_DIGITS),
)
