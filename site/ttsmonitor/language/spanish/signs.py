"""Signs that stand for words in Spanish."""

from __future__ import annotations

import re

from ttsmonitor.language.rules import Region, Rule, next_words

_ENDINGS = {"o": "a", "os": "as", "a": "o", "as": "os"}


def _and(match: re.Match[str], _region: Region) -> str:
    after = next_words(match)
    return " e " if after and re.match(r"h?i(?![aeo])", after[0].lower()) else " y "


def _number_sign(match: re.Match[str], _region: Region) -> str:
    return "número "


def _hashtag(match: re.Match[str], _region: Region) -> str:
    parts = re.sub(r"(?<=[a-záéíóúñ])(?=[A-ZÁÉÍÓÚÑ])|_", " ", match["tag"])
    return f"hashtag {parts}"


def _both_genders(match: re.Match[str], _region: Region) -> str:
    """Read "niño/a" as "niño o niña", and "niños/as" as "niños y niñas"."""
    stem, one, other = match["stem"], match["one"], match["other"]
    if _ENDINGS.get(one) != other:
        other = _ENDINGS[one] if other in ("a", "o") else other
    joint = "y" if one.endswith("s") else "o"
    return f"{stem}{one} {joint} {stem}{other}"


def _or(match: re.Match[str], _region: Region) -> str:
    after = match.string[match.end() : match.end() + 2].lower()
    return " u " if after.startswith(("o", "ho")) else " o "


def _about(match: re.Match[str], _region: Region) -> str:
    return "aproximadamente "


def _at(match: re.Match[str], _region: Region) -> str:
    return (
        " arroba " if match.string[max(0, match.start() - 1) : match.start()].strip() else "arroba "
    )


_LETTERS = "a-záéíóúüñ"
RULES = (
    Rule(
        re.compile(
            rf"/(?<=[{_LETTERS}]{{3}}/)(?=\d{{1,3}}\s(?:horas?|minutos?|segundos?|días?|semanas?"
            r"|mes(?:es)?|años?|kilómetros|metros|litros|gramos|personas|niñ[oa]s)\b)"
        ),
        lambda _match, _region: " cada ",
        "/",
    ),
    Rule(re.compile(r"\by/o\b"), lambda _match, _region: "y o", "/"),
    Rule(re.compile(r"\b[cC]/u\b\.?"), lambda _match, _region: "cada uno", "/"),
    Rule(re.compile(r"\b[cC]/\s?(?=[A-ZÁÉÍÓÚÑ])"), lambda _match, _region: "calle ", "/"),
    Rule(re.compile(r"\b[sS]/[nN]\b\.?"), lambda _match, _region: "sin número", "/"),
    Rule(
        re.compile(
            rf"\b(?P<stem>[{_LETTERS}A-ZÁÉÍÓÚÑ]{{2,20}}?)(?P<one>[oa]s?)/(?P<other>[oa]s?)\b"
        ),
        _both_genders,
        "/",
    ),
    Rule(re.compile(rf"(?<=[{_LETTERS}])\s?/\s?(?=[{_LETTERS}A-ZÁÉÍÓÚÑ]{{2}})"), _or, "/"),
    Rule(re.compile(r"\s{0,3}&\s{0,3}(?=\w)"), _and, "&"),
    Rule(re.compile(r"#\s?(?=\d)"), _number_sign, "#"),
    Rule(re.compile(r"(?<![\w#&])#(?P<tag>[^\W\d]\w{0,60})"), _hashtag, "#"),
    Rule(re.compile(r"@(?=\w)"), _at, "@"),
    Rule(re.compile(r"(?<!\w)[~≈]\s?(?=\d)"), _about, "~≈"),
    Rule(re.compile(r"§{1,2}\s?(?=\d)"), lambda _match, _region: "párrafo ", "§"),
    Rule(re.compile(r"©\s?"), lambda _match, _region: "copyright ", "©"),
    Rule(re.compile(r"\s?[®™]"), lambda _match, _region: "", "®™"),
    Rule(re.compile(r"(?<!\S)\+\s?(?=\w)"), lambda _match, _region: "más ", "+"),
    Rule(re.compile(r"(?<=\w)\s\+\s(?=\w)"), lambda _match, _region: " más ", "+"),
    Rule(re.compile(r"(?<=[^\W\d_])\+\+(?!\w)"), lambda _match, _region: " más más", "+"),
    Rule(re.compile(r"(?<!\S)%(?!\S)"), lambda _match, _region: "porcentaje", "%"),
)
