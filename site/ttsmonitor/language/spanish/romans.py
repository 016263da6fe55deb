"""Roman numerals in Spanish, where they are ones."""

from __future__ import annotations

import re

from ttsmonitor.language.roman_numerals import ROMAN, ROMAN_CHARACTER, letters, value
from ttsmonitor.language.rules import Region, Rule, previous_words
from ttsmonitor.language.spanish.cardinals import cardinal
from ttsmonitor.language.spanish.nouns import Gender, gender_of
from ttsmonitor.language.spanish.ordinals import before_noun, ordinal

_CENTURY = r"[Ss]iglos?"
_SECTION = (
    r"(?i:capítulo|cap\.|tomo|volumen|vol\.|libro|acto|escena|parte|fase|nivel|tema|lección|unidad"
    r"|sección|título|artículo|anexo|apéndice|episodio|temporada|etapa|bloque|grupo|grado|clase|tipo"
    r"|categoría|liga|factor|apartado|juegos|olimpiada|distrito|región|zona|lámina|figura|tabla|cuadro"
    r"|canto|punto|ley|misión|serie|versión|edición|carlos|mark)"
)
_MEN = frozenset(
    "felipe juan pablo luis carlos alfonso fernando enrique pedro pío benedicto león francisco napoleón"
    " guillermo jorge eduardo jaime sancho ramiro ricardo clemente gregorio inocencio urbano alejandro"
    " nicolás iván ramsés tutmosis ptolomeo darío jerjes federico gustavo harald balduino leopoldo"
    " alberto rainiero mohamed hassan moctezuma constantino otón rodolfo maximiliano sixto bonifacio"
    " martín julio adriano teodosio carlomagno amadeo humberto víctor manuel josé ordoño bermudo"
    " ricardo amenhotep seti artajerjes filipo antíoco olaf erik cristián haakon jacobo roberto".split()
)
_WOMEN = frozenset(
    "isabel catalina maría margarita ana victoria cristina cleopatra juana blanca urraca leonor teresa"
    " beatriz berenice".split()
)
_TITLES = frozenset("rey reina papa emperador emperatriz zar zarina faraón príncipe princesa san".split())
_NOT_NUMERALS = frozenset(
    "MI DI VI LI CI CD DC CC MM MD CM CV XL LL DL CL ML MC DM MV LC MIX DIL CIC XX".split()
) - {"XX"}
_EVENTS = (
    r"(?:Guerras?|Congresos?|Edición|Feria|Festival|Juegos|Copa|Concilio|Concurso|Encuentro|Jornadas?"
    r"|Maratón|República|Milla|Carrera|Semana|Asamblea|Trofeo|Torneo|Cumbre|Certamen|Premios?|Gala"
    r"|[Cc]entenario|[Aa]niversario|edición|Olimpiada|Campeonato|Liga|Dinastía|dinastía|Cruzada"
    r"|Reich|Simposio|Muestra|Bienal|Conferencia|Convención|Internacional|Plan|Legislatura)"
)
_NAME = r"[A-ZÁÉÍÓÚÑ][a-záéíóúñ]{1,20}"


def _section(match: re.Match[str], _region: Region) -> str:
    return f"{match['word']} {cardinal(value(match['numeral']))}"


def _century(match: re.Match[str], _region: Region) -> str:
    numbers = re.findall("[IVXLCDM]+", match["numerals"])
    words = match["numerals"]
    for numeral in sorted(numbers, key=len, reverse=True):
        words = re.sub(rf"\b{numeral}\b", _low_ordinal(value(numeral), Gender.MASCULINE), words)
    return match["word"] + re.sub(r"\s?[-–]\s?", " a ", words)


def _low_ordinal(number: int, gender: Gender) -> str:
    """Return how a king or century is counted: up to the tenth, then by cardinals."""
    return ordinal(number, gender) if number <= 10 else cardinal(number)


def _name(match: re.Match[str], _region: Region) -> str:
    name, number = match["name"].lower(), value(match["numeral"])
    if match["numeral"] in _NOT_NUMERALS and name not in _MEN | _WOMEN:
        return match[0]
    has_title = not _TITLES.isdisjoint(previous_words(match, 2))
    if name in _WOMEN or (has_title and gender_of(name) is Gender.FEMININE):
        words = _low_ordinal(number, Gender.FEMININE)
    elif name in _MEN or has_title:
        words = _low_ordinal(number, Gender.MASCULINE)
    elif len(match["numeral"]) == 1 or not set("IVX").issuperset(match["numeral"]):
        return match[0]
    else:
        words = cardinal(number)
    return f"{match['name']} {words}"


def _event(match: re.Match[str], _region: Region) -> str:
    noun, number = match["noun"], value(match["numeral"])
    if match["numeral"] in _NOT_NUMERALS:
        return match[0]
    several = noun.endswith("s") and noun[-2:] not in ("is", "us")
    words = ordinal(number, gender_of(noun.lower()), several=several)
    return f"{before_noun(words)} {noun}"


def _alone(match: re.Match[str], _region: Region) -> str:
    numeral = match["numeral"]
    if numeral in _NOT_NUMERALS:
        return match[0]
    return cardinal(value(numeral))


RULES = (
    Rule(ROMAN_CHARACTER, letters),
    Rule(
        re.compile(
            rf"\b(?P<word>{_CENTURY}\s)(?P<numerals>{ROMAN}(?:(?:\s?[-–,]\s?|\s(?:al?|y|o|e)\s){ROMAN}){{0,3}})"
        ),
        _century,
        "IVXLCDM",
    ),
    Rule(re.compile(rf"\b(?P<word>{_SECTION})\s(?P<numeral>{ROMAN})"), _section, "IVXLCDM"),
    Rule(re.compile(rf"\b(?P<name>{_NAME})\s(?P<numeral>{ROMAN})(?!\.\w)"), _name, "IVXLCDM"),
    Rule(re.compile(rf"\b(?P<numeral>{ROMAN})\s(?P<noun>{_EVENTS})\b"), _event, "IVXLCDM"),
    Rule(
        re.compile(rf"(?<![\w.-])(?=[IVX]{{2}})(?P<numeral>{ROMAN})(?![-@]|\.\w)"), _alone, "IVX"
    ),
)
