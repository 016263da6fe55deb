"""Roman numerals in Spanish, where they are ones."""

from __future__ import annotations

import re

from ttsmonitor.language.roman_numerals import AT_ROMAN, ROMAN, ROMAN_CHARACTER, letters, value
from ttsmonitor.language.rules import Region, Rule, next_words, previous_words
from ttsmonitor.language.spanish.cardinals import cardinal
from ttsmonitor.language.spanish.nouns import Gender, gender_of
from ttsmonitor.language.spanish.ordinals import before_noun, ordinal

_SECTIONS = frozenset(
    "capítulo cap. tomo volumen vol. libro acto escena parte fase nivel tema lección unidad sección"
    " título artículo anexo apéndice episodio temporada etapa bloque grupo grado clase tipo"
    " categoría"
    " liga factor apartado juegos olimpiada distrito región zona lámina figura tabla cuadro canto"
    " punto ley misión serie versión edición número página capítulos artículos tomos"
    " mundial año años".split()
)
"""Words before a numeral, which is then a cardinal."""
_MEN = frozenset(
    "felipe juan pablo luis carlos alfonso fernando enrique pedro pío benedicto león francisco"
    " napoleón"
    " guillermo jorge eduardo jaime sancho ramiro ricardo clemente gregorio inocencio urbano"
    " alejandro"
    " nicolás iván ramsés tutmosis ptolomeo darío jerjes federico gustavo harald balduino leopoldo"
    " alberto rainiero mohamed hassan moctezuma constantino otón rodolfo maximiliano sixto"
    " bonifacio"
    " martín julio adriano teodosio carlomagno amadeo humberto víctor manuel josé ordoño bermudo"
    " ricardo amenhotep seti artajerjes filipo antíoco olaf erik cristián haakon jacobo"
    " roberto".split()
)
_WOMEN = frozenset(
    "isabel catalina maría margarita ana victoria cristina cleopatra juana blanca urraca leonor"
    " teresa"
    " beatriz berenice".split()
)
_TITLES = frozenset(
    "rey reina papa emperador emperatriz zar zarina faraón príncipe princesa san".split()
)
_NOT_NUMERALS = frozenset(
    "MI DI VI LI CI CD DC CC MM MD CM CV XL LL DL CL ML MC DM MV LC MIX CIC".split()
)
"""Words and abbreviations that look like numerals."""
_EVENTS = frozenset(
    "guerra guerras congreso edición feria festival juegos copa concilio concurso encuentro jornada"
    " jornadas maratón república milla carrera semana asamblea trofeo torneo cumbre certamen premio"
    " premios gala centenario aniversario olimpiada campeonato liga dinastía cruzada reich simposio"
    " muestra bienal conferencia convención internacional legislatura gran".split()
)
"""Words after a numeral, which is then an ordinal."""
_LEAST_YEAR = 5
"""Letters; so long a numeral is no word: MMXXIV."""
_ARTICLES = frozenset("el la los las del al un una".split())
_NAME = re.compile(r"(?P<name>[^\W\d_]{1,30})\s\Z")


def _read(match: re.Match[str], _region: Region) -> str:
    numeral, number = match[0], value(match[0])
    before, after = previous_words(match, 3), next_words(match)
    last = before[0] if before else ""
    if last in ("siglo", "siglos") or (len(before) > 2 and before[2] == "siglos"):
        return _low_ordinal(number, Gender.MASCULINE)
    if last in _SECTIONS:
        return cardinal(number)
    if after and after[0].lower() in _EVENTS and numeral not in _NOT_NUMERALS - {"VI"}:
        noun = after[0].lower()
        several = noun.endswith("s")
        return before_noun(ordinal(number, gender_of(noun), several=several))
    name = _NAME.search(match.string, max(0, match.start() - 32), match.start())
    if name and name["name"].istitle():
        return _after_name(name["name"].lower(), numeral, before)
    return _alone(numeral, number)


def _after_name(name: str, numeral: str, before: list[str]) -> str:
    number = value(numeral)
    has_title = not _TITLES.isdisjoint(before[1:])
    if name in _WOMEN or (has_title and gender_of(name) is Gender.FEMININE):
        return _low_ordinal(number, Gender.FEMININE)
    if name in _MEN or (has_title and name not in _ARTICLES):
        return _low_ordinal(number, Gender.MASCULINE)
    return cardinal(number) if numeral == "VI" else _alone(numeral, number)


def _alone(numeral: str, number: int) -> str:
    if len(numeral) >= _LEAST_YEAR:
        return cardinal(number)
    if len(numeral) == 1 or numeral in _NOT_NUMERALS or not set("IVX").issuperset(numeral):
        return numeral
    return cardinal(number)


def _low_ordinal(number: int, gender: Gender) -> str:
    """Return how a king or century is counted: up to the tenth, then by cardinals."""
    return ordinal(number, gender) if number <= 10 else cardinal(number)


RULES = (
    Rule(ROMAN_CHARACTER, letters),
    Rule(
        re.compile(rf"(?P<from>siglos?\s{ROMAN})\s?[-–]\s?(?={ROMAN})", re.IGNORECASE),
        lambda match, _region: f"{match['from']} a ",
        "-–",
    ),
    Rule(re.compile(rf"(?<![\w.-]){ROMAN}(?![-@]|\.\w)"), _read, "IVXLCDM", AT_ROMAN),
)
