"""Units, rates, temperatures and percent in Spanish."""

from __future__ import annotations

import re

from ttsmonitor.language.abbreviations import sentence_dot
from ttsmonitor.language.amount import NUMBER, parse
from ttsmonitor.language.rules import AT_DIGITS, DIGITS, Region, Rule, previous_word

_UNITS = dict(
    pair.split("=")
    for pair in (
        "km=kilómetro Km=kilómetro KM=kilómetro Kms=kilómetro hm=hectómetro dam=decámetro m=metro"
        " dm=decímetro cm=centímetro mm=milímetro"
        " µm=micrómetro μm=micrómetro nm=nanómetro kms=kilómetro mts=metro mt=metro cms=centímetro"
        " mms=milímetro"
        " kg=kilogramo Kg=kilogramo KG=kilogramo kgs=kilogramo kilo=kilo hg=hectogramo g=gramo"
        " gr=gramo grs=gramo"
        " dg=decigramo cg=centigramo mg=miligramo µg=microgramo μg=microgramo mcg=microgramo"
        " t=tonelada"
        " l=litro L=litro lt=litro lts=litro hl=hectolitro dl=decilitro dL=decilitro cl=centilitro"
        " cL=centilitro"
        " ml=mililitro mL=mililitro cc=centímetro_cúbico ha=hectárea"
        " h=hora hr=hora hrs=hora hs=hora min=minuto mins=minuto s=segundo seg=segundo"
        " segs=segundo ms=milisegundo"
        " lb=libra lbs=libra oz=onza in=pulgada ft=pie yd=yarda mi=milla gal=galón"
        " Hz=hercio kHz=kilohercio MHz=megahercio GHz=gigahercio W=vatio kW=kilovatio KW=kilovatio"
        " MW=megavatio"
        " Wh=vatio_hora kWh=kilovatio_hora KWh=kilovatio_hora V=voltio mV=milivoltio kV=kilovoltio"
        " mA=miliamperio"
        " mAh=miliamperio_hora J=julio kJ=kilojulio cal=caloría kcal=kilocaloría Kcal=kilocaloría"
        " N=newton"
        " Pa=pascal hPa=hectopascal kPa=kilopascal bar=bar dB=decibelio lm=lumen"
        " kB=kilobyte KB=kilobyte MB=megabyte GB=gigabyte TB=terabyte Gb=gigabit Mb=megabit"
        " Kb=kilobit kb=kilobit"
        " px=píxel pt=punto UI=unidad_internacional pág=página págs=página cdta=cucharadita"
        " cda=cucharada"
        " cdas=cucharada cdtas=cucharadita ud=unidad uds=unidad pza=pieza pzas=pieza"
    ).split()
)
_RATES = {
    "mph": ("milla por hora", "millas por hora"),
    "kmh": ("kilómetro por hora", "kilómetros por hora"),
    "kph": ("kilómetro por hora", "kilómetros por hora"),
    "rpm": ("revolución por minuto", "revoluciones por minuto"),
    "ppm": ("pulsación por minuto", "pulsaciones por minuto"),
    "lpm": ("latido por minuto", "latidos por minuto"),
    "bpm": ("pulsación por minuto", "pulsaciones por minuto"),
    "fps": ("fotograma por segundo", "fotogramas por segundo"),
    "Mbps": ("megabit por segundo", "megabits por segundo"),
    "Gbps": ("gigabit por segundo", "gigabits por segundo"),
    "Kbps": ("kilobit por segundo", "kilobits por segundo"),
    "kbps": ("kilobit por segundo", "kilobits por segundo"),
    "psi": ("libra por pulgada cuadrada", "libras por pulgada cuadrada"),
}
_PER = {
    "h": "hora",
    "s": "segundo",
    "seg": "segundo",
    "min": "minuto",
    "día": "día",
    "dia": "día",
    "d": "día",
    "hora": "hora",
    "semana": "semana",
    "mes": "mes",
    "año": "año",
    "persona": "persona",
    "noche": "noche",
    "unidad": "unidad",
    "ud": "unidad",
    "segundo": "segundo",
    "minuto": "minuto",
    "niño": "niño",
    "kilo": "kilo",
    "vez": "vez",
    "toma": "toma",
    "dosis": "dosis",
    "ración": "ración",
    "porción": "porción",
    "litro": "litro",
}
_POWERS = {"²": "cuadrado", "2": "cuadrado", "³": "cúbico", "3": "cúbico"}
_AN = "a-zA-ZµμáéíóúñÁÉÍÓÚÑ"
_UNIT = "|".join(sorted((*map(re.escape, _UNITS), *_RATES), key=len, reverse=True))
PER_UNIT = "|".join(sorted((*_PER, *_UNITS), key=len, reverse=True))
_WITH_WORDS = "km|kms|kg|kgs|cm|cms|mm|ml|mg|kcal|kWh|GB|MB|TB|mph|km/h|m/s|[kc]?m[²³]"
_ONE = frozenset("un una el la cada por medio media al del este ese".split())
_SCALES = {"C": " centígrados", "F": " Fahrenheit", "K": " kelvin", "c": " centígrados", "": ""}


def unit_in_words(symbol: str, *, several: bool, power: str = "") -> str:
    """Return the name of a unit."""
    if symbol in _RATES:
        return _RATES[symbol][several]
    name = _UNITS[symbol].replace("_", " ")
    if power:
        name += f" {_POWERS[power]}"
        if _UNITS[symbol].endswith("a"):
            name = re.sub("o$", "a", name)
    return plural(name) if several else name


def plural(name: str) -> str:
    """Return the plural of the name of a unit."""
    first, *others = name.split(" ")
    if first in ("kilovatio", "vatio", "miliamperio") and others == ["hora"]:
        return f"{first}s hora"
    return " ".join(_plural(word) for word in (first, *others))


def _plural(word: str) -> str:
    if word.endswith("ón"):
        return word[:-2] + "ones"
    if word == "píxel":
        return "píxeles"
    if word == "lumen":
        return "lúmenes"
    if word in ("bar", "unidad", "internacional", "pascal", "kilopascal", "hectopascal"):
        return word + "es"
    return word + "s"


def per_unit(symbol: str, power: str = "") -> str:
    """Return the name of the unit after "por"."""
    if symbol in _PER:
        return _PER[symbol] + (
            " al cuadrado" if power in ("²", "2") else " al cubo" if power else ""
        )
    return unit_in_words(symbol, several=False, power=power)


def _read(match: re.Match[str], region: Region) -> str:
    amount = parse(match["number"], region.decimal)
    several = amount is None or not amount.is_one
    words = unit_in_words(match["unit"], several=several, power=match["power"] or "")
    if match["per"]:
        words += f" por {per_unit(match['per'], match['per_power'] or '')}"
    if match["per_too"]:
        words += f" por {per_unit(match['per_too'])}"
    dot = sentence_dot(match) if match["dot"] else ""
    return f"{match['number']} {words}{dot}"


def _count_per(match: re.Match[str], _region: Region) -> str:
    """Read "50 hab./km²" and "2 veces/día"."""
    per = per_unit(match["per"], match["power"] or "")
    return f"{match['number']} {match['counted']} por {per}"


def _without_number(match: re.Match[str], _region: Region) -> str:
    several = match["before"].lower() not in _ONE
    symbol, _per, per = match["unit"].partition("/")
    power = symbol[-1] if symbol[-1] in "²³" else ""
    words = unit_in_words(symbol.rstrip("²³"), several=several, power=power)
    words += f" por {per_unit(per)}" if per else ""
    return f"{match['before']} {words}"


def _degrees(match: re.Match[str], region: Region) -> str:
    amount = parse(match["number"], region.decimal)
    if "º " in match[0] and previous_word(match) in ("el", "al", "del", "un"):
        return match[0]  # a floor and its door
    scale = _SCALES[match["scale"] or ""]
    is_one = amount is not None and amount.is_one
    word = f"grado{scale.replace('centígrados', 'centígrado')}" if is_one else f"grados{scale}"
    return f"{match['number']} {word}"


def _minus(match: re.Match[str], _region: Region) -> str:
    return "menos "


def _percent(match: re.Match[str], _region: Region) -> str:
    return f"{match['number']} {'por ciento' if match['sign'] == '%' else 'por mil'}"


def _inches(match: re.Match[str], region: Region) -> str:
    amount = parse(match["number"], region.decimal)
    several = amount is None or not amount.is_one
    return f"{match['number']} {'pulgadas' if several else 'pulgada'}"


_START = r"(?<![\d.,])"
RANGES = (
    Rule(
        re.compile(
            rf"(?P<from>{_START}{NUMBER}[ \u00a0]?(?:{_UNIT}))\s?[-–—]\s?(?={NUMBER}[ \u00a0]?"
            rf"(?:{_UNIT})(?!\w))"
        ),
        lambda match, _region: f"{match['from']} a ",
        "-–—",
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            r"\s?[-–—]\s?(?:(?<=\d.)|(?<=[\d%°º€£]\s.\s))(?=[€$£]?\d{1,6}(?:[.,]\d{1,3})?"
            rf"\s?(?:[%°º€£¢]|(?:{_UNIT})(?![\w²³])))|\s?[-–—](?:(?<=[%°º€£].)|(?<=[°º][CF].)"
            r"|(?<=[°º][CF]\s.))\s?(?=\d)"
        ),
        lambda _match, _region: " a ",
        "-–—",
    ),
)
"""Ranges before a unit: "3-5 km", "20 - 25 °C"."""
RULES = (
    Rule(
        re.compile(
            r"(?:(?<=^)|(?<=[\s(«\"“¿¡]))[-−–]\s?(?=\d{1,6}(?:[.,]\d{1,6})?\s?[°º]\s?[CFcf]?)"
        ),
        _minus,
        "-−–",
    ),
    Rule(
        re.compile(
            rf"{_START}(?P<number>{NUMBER})\s?(?:[°º]\s?(?P<scale>[CFKc])(?!\w)|°(?!\w)|(?<="
            rf"[.,]\d)º(?!\w))"
        ),
        _degrees,
        "°º",
        AT_DIGITS,
    ),
    Rule(
        re.compile(rf"{_START}(?P<number>{NUMBER})[ \u00a0\u202f]?(?P<sign>[%‰])"),
        _percent,
        "%‰",
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            rf"{_START}(?P<number>{NUMBER})[ \u00a0\u202f]?(?:(?P<unit>{_UNIT})(?P<power>[²³]|"
            rf"(?<=m)[23](?!\d))?)"
            rf"(?:\s?/\s?(?P<per>{PER_UNIT})(?P<per_power>[²³]|(?<=[ms])[23](?!\d))?)?"
            rf"(?:\s?/\s?(?P<per_too>{PER_UNIT}))?(?![\w²³'’]"
            rf"|/[^\W\d]|\.[a-z]\."
            rf"|-[A-Za-z])(?P<dot>\.(?!\w))?"
        ),
        _read,
        DIGITS,
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            rf"{_START}(?P<number>{NUMBER})\s(?P<counted>[a-záéíóúñ]{{3,20}}\.?)\s?/\s?"
            rf"(?P<per>{PER_UNIT})(?P<power>[²³])?(?![\w/])"
        ),
        _count_per,
        "/",
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            rf"(?<![\w/.,-])(?P<before>[{_AN}]{{2,10}})\s(?P<unit>{_WITH_WORDS})(?![\w/²³-]|\.\w)"
        ),
        _without_number,
        "kcmKGMT",
    ),
    Rule(
        re.compile(rf"{_START}(?P<number>{NUMBER})(?:\"|''|″|”)(?![\w])"),
        _inches,
        "\"″”'",
        AT_DIGITS,
    ),
)
