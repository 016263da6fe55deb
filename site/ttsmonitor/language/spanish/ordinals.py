"""Spanish ordinals: 3er, 2.ª, 1º."""

from __future__ import annotations

import re

from ttsmonitor.language.rules import (
    AT_DIGITS,
    DIGITS,
    Region,
    Rule,
    next_words,
    previous_word,
    previous_words,
)
from ttsmonitor.language.spanish.cardinals import cardinal
from ttsmonitor.language.spanish.nouns import Gender, gender_of, is_function_word

_UNITS = ("", *"primero segundo tercero cuarto quinto sexto séptimo octavo noveno".split())
_TENS = (
    "",
    *"décimo vigésimo trigésimo cuadragésimo quincuagésimo sexagésimo septuagésimo octogésimo"
    " nonagésimo".split(),
)
_HUNDREDS = (
    "",
    *"centésimo ducentésimo tricentésimo cuadringentésimo quingentésimo sexcentésimo"
    " septingentésimo octingentésimo noningentésimo".split(),
)
_TEENS = {11: "undécimo", 12: "duodécimo"}
_SUFFIX = (
    r"\.?(?:(?P<sign>[ºª])(?P<signs>s?)"
    r"|(?P<er>er|ro|ero|ra|era|d[oa]|t[oa]|m[oa]|v[oa]|n[oa]|[oa])(?P<several>s?)"
    r"(?:\.(?=\s[a-záéíóúñ]))?)"
)
_BEFORE_RANKS = frozenset("quedó quedé quedaron llegó llegué llegaron terminó va fue eres".split())
_DEGREES_AFTER = frozenset(
    "hace hacía hará hacen temperatura marca fiebre giro gira girar ángulo ángulos máxima mínima"
    " máximas mínimas máximo mínimo grados"
    " estamos están tiene menos bajará bajarán bajó baja bajan subirá subirán subió sube suben"
    " alcanzará alcanzó tenemos tendremos horno calor frío clima".split()
)
_BEFORE_NOUNS = frozenset("el la al del su mi tu un este nuestro".split())
_HIGHEST_RANK = 100
"""From here on a number with `º` is one of degrees, unless a noun is counted."""
_RARE_RANK = 13
"""From here on a lone number with `º` is one of degrees: "hoy tenemos 22º"."""
_LEAST_HEAT = 25
"""From here on "a 30º" is a temperature; below, "a 4º" is a grade at school."""


def ordinal(number: int, gender: Gender = Gender.MASCULINE, *, several: bool = False) -> str:
    """Return the ordinal of 1 to 999; a greater number stays a cardinal."""
    if not 0 < number < 1000:
        return cardinal(number)
    words = _masculine(number)
    if gender is Gender.FEMININE:
        words = re.sub(r"o\b", "a", words)
    return re.sub(r"([oa])$", r"\1s", words) if several else words


def before_noun(words: str) -> str:
    """Return the short form of a masculine ordinal before its noun: "primer", "tercer"."""
    return re.sub(r"\b(primer|tercer)o$", r"\1", words)


def _masculine(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    parts = [_HUNDREDS[hundreds]]
    if rest in _TEENS:
        parts.append(_TEENS[rest])
    elif 13 <= rest <= 19:
        parts.append(("decimo" + _UNITS[rest - 10]).replace("oo", "o"))
    else:
        tens, units = divmod(rest, 10)
        parts += _TENS[tens], _UNITS[units]
    return " ".join(part for part in parts if part)


def _read(match: re.Match[str], _region: Region) -> str:
    number, sign, ending = int(match["number"]), match["sign"], match["er"] or ""
    after = next_words(match)
    noun = after[0].lower() if after and not is_function_word(after[0].lower()) else ""
    is_negative = match.string[match.start() - 1 : match.start()] in tuple("-−–")
    if sign == "º" and (is_negative or _is_temperature(match, number, noun)):
        return f"{match['number']} grados"
    gender = Gender.FEMININE if sign == "ª" or ending.endswith("a") else Gender.MASCULINE
    words = ordinal(number, gender, several=bool(match["signs"] or match["several"]))
    counts = noun and not after[0].isupper() and gender_of(noun) is Gender.MASCULINE
    is_short = ending in ("er",) or (sign == "º" and counts)
    return before_noun(words) if is_short else words


def _is_temperature(match: re.Match[str], number: int, noun: str) -> bool:
    """Return True if `º` means degrees: "a 180º durante 20 minutos", not "el 150º aniversario"."""
    before = previous_words(match, 5)
    last = before[0] if before else ""
    if number >= _HIGHEST_RANK:
        return not (noun and last in _BEFORE_NOUNS)
    if last == "a" and number >= _LEAST_HEAT:
        return True
    if number >= _RARE_RANK and not noun and "." not in match[0]:
        return last not in _BEFORE_NOUNS | _BEFORE_RANKS
    return not noun and not _DEGREES_AFTER.isdisjoint(before)


def _degree_sign(match: re.Match[str], _region: Region) -> str:
    """Read a degree sign that stands for the sign of ordinals, as in "1° de mayo"."""
    return f"{match['number']}º"


def _rank(match: re.Match[str], region: Region) -> str:
    """Read "quedó 2°" as an ordinal."""
    return _degree_sign(match, region) if previous_word(match) in _BEFORE_RANKS else match[0]


DEGREE_SIGNS = (
    Rule(
        re.compile(
            r"(?<![\d.,])(?P<number>\d{1,2})\.?°(?=\s(?:de\s(?:primaria|secundaria|bachillerato|la"
            r"|los|"
            r"enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre"
            r"|diciembre)\b"
            r"|[A-F]\b|grado\b|básico\b|año\b|piso\b|lugar\b|puesto\b|vez\b|planta\b|clase\b))"
        ),
        _degree_sign,
        "°",
        AT_DIGITS,
    ),
    Rule(re.compile(r"(?<![\d.,])(?P<number>\d{1,2})\.?°(?!\s?\w)"), _rank, "°", AT_DIGITS),
)
"""Degree signs that stand for the sign of ordinals."""
RULES = (
    Rule(re.compile(rf"(?<![\w.,])(?P<number>\d{{1,3}}){_SUFFIX}(?!\w)"), _read, DIGITS, AT_DIGITS),
)
