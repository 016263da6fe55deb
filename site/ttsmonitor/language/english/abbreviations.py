"""Abbreviations in English."""

from __future__ import annotations

import re

from ttsmonitor.language.abbreviations import (
    Abbreviations,
    Context,
    next_character,
    sentence_dot,
)
from ttsmonitor.language.rules import Region, Rule, previous_words
from ttsmonitor.language.words_around import BEFORE_LABELS, BEFORE_NAMES, BEFORE_PLACES

_ABBREVIATIONS = Abbreviations(
    Context(BEFORE_NAMES, BEFORE_LABELS, BEFORE_PLACES),
    never_end=(
        "mr mrs ms=Miz dr=doctor prof=professor rev=reverend gen=general capt=captain sgt=sergeant"
        " lt=lieutenant col=colonel maj=major gov=governor sen=senator rep=representative mt=mount"
        " st=Saint"
        " pres=president hon=honorable vs=versus approx=approximately dept=department tel=telephone"
        " e.g=for_example i.e=that_is ph=phone"
    ),
    may_end=(
        "etc=etcetera jr=junior sr=senior inc=incorporated ltd=limited co=company corp=corporation"
        " ave=avenue"
        " rd=road blvd=boulevard ln=lane hwy=highway apt=apartment bldg=building ft=feet"
        " lb=pounds lbs=pounds oz=ounces hrs=hours hr=hours mins=minutes secs=seconds yrs=years"
        " mo=months tsp=teaspoons tbsp=tablespoons"
        " kg=kilograms km=kilometers cm=centimeters mm=millimeters a.m=AM p.m=PM U.S U.K U.S.A"
        " Ph.D B.C A.D R.S.V.P P.S"
    ),
    numbered=(
        "no=number nos=numbers art=article vol=volume fig=figure ch=chapter p=page pp=pages"
        " pg=page max=maximum"
        " min=minimum sec=section ep=episode jan=January feb=February aug=August sept=September"
        " oct=October"
        " nov=November dec=December apt=apartment rm=room"
    ),
)
_AT_NAME = re.compile(r"[A-Z\d](?<!\w.)(?=\w)", re.DOTALL)
"""The beginning of a word with a capital or a number."""
_STREETS = {
    "St": "street",
    "Ave": "avenue",
    "Rd": "road",
    "Blvd": "boulevard",
    "Ln": "lane",
    "Dr": "drive",
}
_TITLES = {
    "Ms": "Miz",
    "Dr": "Doctor",
    "Prof": "Professor",
    "Jr": "junior",
    "Sr": "senior",
}
_STREET = re.compile(
    r"(?P<before>(?:[A-Z][a-z]{1,20}|\d{1,4}(?:st|nd|rd|th)))\s(?P<street>St|Ave|Rd|Blvd|Ln|Dr)"
    r"(?:\.(?!\w)|\b(?=,|$|\s))(?!\s[A-Z][a-z]+\s(?:is|was|has)\b)"
)
"""A street's name and kind, which stand after a house number or at the end of a clause."""


def _street(match: re.Match[str], _region: Region) -> str:
    has_number = any(word.isdigit() for word in previous_words(match))
    starts_name = next_character(match).isupper() and not match[0].endswith(".")
    is_title = (
        match["street"] in ("St", "Dr") and not has_number and next_character(match).isupper()
    )
    if match["before"] in _NO_STREETS or starts_name or is_title:
        return match[0]
    dot = sentence_dot(match) if match[0].endswith(".") else ""
    return f"{match['before']} {_STREETS[match['street']]}{dot}"


def _title(match: re.Match[str], _region: Region) -> str:
    return _TITLES[match[0]]


_NO_STREETS = frozenset(
    "The And Of At In On For With By To From Dear Hello Hi See Ask Our My".split()
)
RULES = (
    Rule(re.compile(r"(?<!\w)w/o\b"), lambda _match, _region: "without", "/"),
    Rule(re.compile(r"(?<!\w)w/\s?(?=\w)"), lambda _match, _region: "with ", "/"),
    Rule(_STREET, _street, "SARBLD", _AT_NAME),
    _ABBREVIATIONS.rule,
    Rule(re.compile(r"(?:Ms|Dr|Prof|Jr|Sr)(?=\s[A-Z][a-z]|$)"), _title, "MDPJS", _AT_NAME),
)
