"""Units, rates, temperatures and percent in English."""

from __future__ import annotations

import re

from ttsmonitor.language.abbreviations import sentence_dot
from ttsmonitor.language.amount import NUMBER, parse
from ttsmonitor.language.rules import AT_DIGITS, DIGITS, Region, Rule, next_words

_UNITS = dict(
    pair.split("=")
    for pair in (
        "km=kilometer m=meter dm=decimeter cm=centimeter mm=millimeter µm=micrometer μm=micrometer"
        " nm=nanometer"
        " kg=kilogram kgs=kilogram g=gram mg=milligram µg=microgram mcg=microgram t=ton l=liter"
        " L=liter dl=deciliter"
        " cl=centiliter ml=milliliter mL=milliliter cc=cubic_centimeter ha=hectare"
        " h=hour hr=hour hrs=hour min=minute mins=minute s=second sec=second secs=second"
        " ms=millisecond"
        " lb=pound lbs=pound oz=ounce in=inch ft=foot yd=yard yds=yard mi=mile gal=gallon pt=pint"
        " qt=quart"
        " tsp=teaspoon tsps=teaspoon tbsp=tablespoon tbsps=tablespoon"
        " Hz=hertz kHz=kilohertz MHz=megahertz GHz=gigahertz W=watt kW=kilowatt MW=megawatt"
        " kWh=kilowatt_hour"
        " V=volt mV=millivolt mA=milliamp mAh=milliamp_hour J=joule kJ=kilojoule cal=calorie"
        " kcal=kilocalorie"
        " Pa=pascal hPa=hectopascal dB=decibel kB=kilobyte KB=kilobyte MB=megabyte GB=gigabyte"
        " TB=terabyte px=pixel"
        " pp=page pg=page"
    ).split()
)
_RATES = {
    "mph": ("mile per hour", "miles per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"),
    "kmh": ("kilometer per hour", "kilometers per hour"),
    "mpg": ("mile per gallon", "miles per gallon"),
    "rpm": ("revolution per minute", "revolutions per minute"),
    "bpm": ("beat per minute", "beats per minute"),
    "fps": ("frame per second", "frames per second"),
    "Mbps": ("megabit per second", "megabits per second"),
    "Gbps": ("gigabit per second", "gigabits per second"),
    "psi": ("pound per square inch", "pounds per square inch"),
    "sq ft": ("square foot", "square feet"),
    "fl oz": ("fluid ounce", "fluid ounces"),
    "fl. oz.": ("fluid ounce", "fluid ounces"),
}
_PER = dict.fromkeys(
    "hour day week month year night person minute second pound dozen gallon liter mile"
    " meter".split()
)
_POWERS = {"²": "square ", "2": "square ", "³": "cubic ", "3": "cubic "}
_UNIT = "|".join(map(re.escape, sorted((*_UNITS, *_RATES), key=len, reverse=True)))
PER_UNIT = "|".join(sorted((*_PER, *_UNITS), key=len, reverse=True))
_SCALES = {"C": " Celsius", "F": " Fahrenheit", "c": " Celsius", "K": " Kelvin", "": ""}
_IRREGULAR = {
    "foot": "feet",
    "inch": "inches",
    "hertz": "hertz",
    "kilohertz": "kilohertz",
    "megahertz": "megahertz",
    "gigahertz": "gigahertz",
}


def unit_in_words(symbol: str, *, several: bool, power: str = "") -> str:
    """Return the name of a unit."""
    if symbol in _RATES:
        return _RATES[symbol][several]
    name = _UNITS[symbol].replace("_", " ")
    return (_POWERS[power] if power else "") + (plural(name) if several else name)


def plural(name: str) -> str:
    """Return the plural of the name of a unit."""
    return _IRREGULAR.get(name) or name + "s"


def per_unit(symbol: str, power: str = "") -> str:
    """Return the name of the unit after "per"."""
    name = symbol if symbol in _PER else unit_in_words(symbol, several=False)
    if symbol in ("s", "sec", "second", "h", "hour") and power:
        return f"{name} {'squared' if power in '²2' else 'cubed'}"
    return (_POWERS[power] if power else "") + name


def _read(match: re.Match[str], region: Region) -> str:
    amount = parse(match["number"], region.decimal)
    several = amount is None or not amount.is_one
    words = unit_in_words(
        match["unit"], several=several and not match["hyphen"], power=match["power"] or ""
    )
    if match["per"]:
        words += f" per {per_unit(match['per'], match['per_power'] or '')}"
    dot = sentence_dot(match) if match["dot"] else ""
    return f"{match['number']} {words}{dot}"


def _without_number(match: re.Match[str], _region: Region) -> str:
    dot = sentence_dot(match) if match[0].endswith(".") else ""
    return f"{match['before']} {unit_in_words(match['unit'], several=False)}{dot}"


def _degrees(match: re.Match[str], region: Region) -> str:
    amount = parse(match["number"], region.decimal)
    is_one = amount is not None and amount.is_one
    word = "degree" if is_one else "degrees"
    return f"{match['number']} {word}{_SCALES[match['scale'] or '']}"


def _percent(match: re.Match[str], _region: Region) -> str:
    return f"{match['number']} percent"


def _feet_and_inches(match: re.Match[str], _region: Region) -> str:
    feet = f"{match['feet']} {'foot' if match['feet'] == '1' else 'feet'}"
    return f"{feet} {match['inches']}" if match["inches"] else feet


def _inches(match: re.Match[str], region: Region) -> str:
    amount = parse(match["number"], region.decimal)
    is_one = (amount and amount.is_one) or next_words(match)
    return f"{match['number']} {'inch' if is_one else 'inches'}"


_START = r"(?<![\d.,])"
_AT_ARTICLE = re.compile(r"[AaPpEe](?<!\w.)(?=[a-z]{0,3}\s[a-zG])", re.DOTALL)
RANGES = (
    Rule(
        re.compile(
            rf"(?P<from>{_START}{NUMBER}[ \u00a0]?(?:{_UNIT}))\s?[-–—]\s?(?={NUMBER}[ \u00a0]?"
            rf"(?:{_UNIT})(?!\w))"
        ),
        lambda match, _region: f"{match['from']} to ",
        "-–—",
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            r"\s?[-–—]\s?(?:(?<=\d.)|(?<=[\d%°º€£]\s.\s))(?=[€$£]?\d{1,6}(?:[.,]\d{1,3})?"
            rf"\s?(?:[%°º€£¢]|(?:{_UNIT})(?![\w²³])))|\s?[-–—](?:(?<=[%°º€£].)|(?<=[°º][CF].)"
            r"|(?<=[°º][CF]\s.))\s?(?=\d)"
        ),
        lambda _match, _region: " to ",
        "-–—",
    ),
)
"""Ranges before a unit: "3-5 km", "20 - 25 °C"."""
RULES = (
    Rule(
        re.compile(r"(?:(?<=^)|(?<=[\s(\"“]))[-−–]\s?(?=\d{1,6}(?:[.,]\d{1,6})?\s?[°º]\s?[CFcf]?)"),
        lambda _match, _region: "minus ",
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
    Rule(re.compile(rf"{_START}(?P<number>{NUMBER})[ \u00a0]?%"), _percent, "%", AT_DIGITS),
    Rule(
        re.compile(r"(?<![\w.,'])(?P<feet>[1-9])['′](?:\s?(?P<inches>1[01]|\d)(?:\"|″|''))(?!\w)"),
        _feet_and_inches,
        "'′",
    ),
    Rule(
        re.compile(
            rf"{_START}(?P<number>{NUMBER})(?:[ \u00a0]|(?P<hyphen>-))?(?P<unit>{_UNIT})(?P<power>"
            rf"[²³]|(?<=m)[23](?!\d))?"
            rf"(?:\s?/\s?(?P<per>{PER_UNIT})(?P<per_power>[²³]|(?<=[ms])[23](?!\d))?)?(?![\w²³'’]"
            rf"|/[^\W\d]|-[A-Za-z]|"
            rf"(?<=in)\s(?!long|wide|tall|deep|high|thick)[a-z])(?P<dot>\.(?!\w))?"
        ),
        _read,
        DIGITS,
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            r"(?P<before>(?<!\w)(?:[Aa]n?|[Pp]er|[Ee]ach))\s(?P<unit>lb|oz|kg|km|mi|gal|hr|min"
            r"|sq ft|GB)"
            r"(?:\.(?!\w)|(?![\w/.-]))"
        ),
        _without_number,
        "blzgmrfG",
        _AT_ARTICLE,
    ),
    Rule(re.compile(rf"{_START}(?P<number>{NUMBER})[\"″](?!\w)"), _inches, '"″', AT_DIGITS),
)
