"""Acronyms: those that are spelled and those that are words."""

from __future__ import annotations

import re

from ttsmonitor.language.rules import AT_CAPITALS, AT_CODE, DIGITS, Region, Rule
from ttsmonitor.language.spanish.cardinals import digits_in_words

_NAMES = {
    "A": "a",
    "B": "be",
    "C": "ce",
    "D": "de",
    "E": "e",
    "F": "efe",
    "G": "ge",
    "H": "hache",
    "I": "i",
    "J": "jota",
    "K": "ka",
    "L": "ele",
    "M": "eme",
    "N": "ene",
    "Ñ": "eñe",
    "O": "o",
    "P": "pe",
    "Q": "cu",
    "R": "erre",
    "S": "ese",
    "T": "te",
    "U": "u",
    "V": "uve",
    "W": "uve doble",
    "X": "equis",
    "Y": "i griega",
    "Z": "zeta",
}
AMERICAN_LETTERS = "american letters"
"""The habit of a region that says "ve" and "doble ve"."""
_AMERICAN_NAMES = _NAMES | {"V": "ve", "W": "doble ve"}
_SPELLED = frozenset(
    "WWW TVE AB GTA USB UE ABC UK IA EE ADN ARN ONG ONGS OMS OEA FBI CIA DNI TDAH EGB"
    " IBM"
    " AI URL"
    " ATP UCM UAB"
    " AM FM BMW NBA MBA CEO IP ISBN DIY GPS ABS ICBC CSI UHF OCDE OIT IMC ACV"
    " UTC ECG EMT HBO UCLA NFC PC AC DC CE BBVA IRPF ITV"
    " EPS ATM IES UGT CCOO PPT RPG IOS EU VIH HIV INSS EEG RTVE FMI BCE IPC ADSL HDMI".split()
)
_AS_WORDS = {
    "OK": "okey",
    "EEUU": "Estados Unidos",
    "EUA": "Estados Unidos",
    "RRHH": "recursos humanos",
    "JJOO": "Juegos Olímpicos",
    "CCAA": "comunidades autónomas",
    "DJ": "diyei",
    "USA": "usa",
    "SOS": "ese o ese",
    "KO": "nocaut",
    "VIP": "vip",
}
_WORDS = frozenset(
    "ONU OTAN NASA UNICEF OVNI SIDA AVE UNESCO FIFA UEFA IVA UCI UNAM RENFE ESO PIN SIM GIF LED"
    " LASER COVID OPEP"
    " MERCOSUR INEM TALGO SEAT INTERPOL IKEA AMPA FAO ALADI INE RAE PYME AEMET PSOE VAR NIF NIE"
    " CIF CEIP API".split()
)
_SOUNDS = frozenset(
    "HMM HM MM SHH SH PST PSST GRR BRR ZZ ZZZ PFF PF TSK BZZ XD JJ CHST PSS BRRR GRRR SHHH"
    " HMMM".split()
)
_CONSONANTS = "BCDFGHJKLMNÑPQRSTVWXYZ"

_NO_SYLLABLE = re.compile(
    rf"[A-Z]{{2}}|[AEIOU][{_CONSONANTS}]{{2}}"
    rf"|(?![BCFGPDT][RL]|CH|LL)[{_CONSONANTS}]{{2}}[AEIOU]"
)
"""Short acronyms that are spelled, for no Spanish word is like them: AR, APK, CPU."""
_SYLLABLES = frozenset(
    "NO SI TE ME YA TU MI YO DE EL LA LO LE SE ES EN UN AL SU VA VE DA DI FE HE HA IR NI OS OH AH"
    " EH AY UY UF JA JE JI FA RE DO TI VI ID EX AS ES OY UN HI IN ON IT IS TO MY WE BE GO BY OR AT"
    " OF UP US AM JO HO HU HUY UH UP OI OK BU MU PI TA TO"
    " AND ALL OFF END ART ASK EGG ADD INK OLD THE SHE WHO TWO SPA PSI GNU YES".split()
)
"""Words, some of them English, which are not spelled in capitals."""


def spell(letters: str, region: Region) -> str:
    """Return the names of letters."""
    names = _AMERICAN_NAMES if AMERICAN_LETTERS in region.words else _NAMES
    return " ".join(names.get(letter, letter) for letter in letters.upper())


def _is_spelled(word: str) -> bool:
    if word in _SPELLED:
        return True
    if word in _SOUNDS or re.search(r"(.)\1\1", word):
        return False
    if set(word) <= set(_CONSONANTS):
        return len(word) <= 6
    return bool(_NO_SYLLABLE.fullmatch(word)) and word not in _SYLLABLES


def _read(match: re.Match[str], region: Region) -> str:
    word = match["word"]
    if word in _AS_WORDS:
        return _AS_WORDS[word]
    if word in _WORDS:
        return word.lower()
    if _is_spelled(word):
        return spell(word, region)
    # eSpeak NG spells short words in capitals where others are not.
    return match[0].capitalize() if len(word) <= 3 and word not in _SOUNDS else match[0]


def _code(match: re.Match[str], region: Region) -> str:
    """Read letters and digits mixed, such as MP3 or R2D2."""
    runs = re.findall(r"[^\W\d_]+|\d+", match[0])
    return " ".join(_run(each, region) for each in runs)


def _run(run: str, region: Region) -> str:
    if run.isdigit():
        return digits_in_words(run)
    return spell(run, region) if _is_spelled(run) or len(run) < 3 else run


def _with_and(match: re.Match[str], region: Region) -> str:
    return f"{spell(match['one'], region)} and {spell(match['two'], region)}"


_AT_SMALL = re.compile(r"[uaof](?=sb|rl|dn|ng|bi)")
_UPPER = "".join(_NAMES) + "ÁÉÍÓÚÜ"
RULES = (
    Rule(re.compile(r"-(?<=\d-)(?=[A-ZÑ]\b)"), lambda _match, _region: " ", "-"),
    Rule(
        re.compile(r"(?<![\w@#./-])(?:usb|url|adn|ong|fbi)s?(?![\w@]|\.\w)"),
        lambda match, region: spell(match[0].removesuffix("s"), region),
        "bln",
        _AT_SMALL,
    ),
    Rule(
        re.compile(rf"(?<!\w)(?P<one>[{_UPPER}]{{1,2}})&(?P<two>[{_UPPER}]{{1,2}})(?!\w)"),
        _with_and,
        "&",
    ),
    Rule(
        re.compile(
            rf"(?<![\w.,])(?=[\d-]{{0,5}}[{_UPPER}])(?=[{_UPPER}-]{{0,6}}\d)[{_UPPER}\d]{{1,6}}"
            rf"(?:-?[{_UPPER}\d]{{1,6}})?(?!\w)"
        ),
        _code,
        DIGITS,
        AT_CODE,
    ),
    Rule(
        re.compile(rf"(?<![\w@#])(?P<word>[{_UPPER}]{{2,10}})s?(?![\w@])"),
        _read,
        _UPPER,
        AT_CAPITALS,
    ),
)
