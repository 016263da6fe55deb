"""Abbreviations in English."""

from __future__ import annotations

import re

from ttsmonitor.language.abbreviations import Abbreviations, Context
from ttsmonitor.language.rules import Rule
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
RULES = (
    Rule(re.compile(r"(?<!\w)w/o\b"), lambda _match, _region: "without", "/"),
    Rule(re.compile(r"(?<!\w)w/\s?(?=\w)"), lambda _match, _region: "with ", "/"),
    Rule(
        re.compile(
            r"(?<=\d\s)(St|Ave|Rd|Blvd|Ln)\b\.?|(?<=[a-z]\s)(Ave|Rd|Blvd)\b\.?(?=\s[A-Z]|,|$)"
        ),
        lambda match, _region: {
            "St": "street",
            "Ave": "avenue",
            "Rd": "road",
            "Blvd": "boulevard",
            "Ln": "lane",
        }[match[0].rstrip(".")],
        "SARBL",
    ),
    Rule(
        re.compile(
            r"(?<=[a-z]\s)St\.?(?=,|$|\s(?:in|and|near|at|is|on)\b)|(?<=(?:st|nd|rd|th)\s)St\b\.?"
        ),
        lambda match, _region: (
            "street" + ("." if match[0].endswith(".") and match.end() == len(match.string) else "")
        ),
        "S",
    ),
    _ABBREVIATIONS.rule,
    Rule(
        re.compile(r"\b(?P<title>Mr|Mrs|Ms|Dr|Prof|Jr|Sr)(?=\s[A-Z][a-z]|$)"),
        lambda match, _region: {
            "Mr": "Mr",
            "Mrs": "Mrs",
            "Ms": "Miz",
            "Dr": "Doctor",
            "Prof": "Professor",
            "Jr": "junior",
            "Sr": "senior",
        }[match["title"]],
        "MDPJS",
    ),
)
