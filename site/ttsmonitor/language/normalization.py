"""Write out abbreviations, so that a dot which ends no sentence makes no pause."""

from __future__ import annotations

import re
from collections.abc import Iterable

_RAW_PHONEMES = re.compile(r"\[{2,}|\]{2,}")
"""Piper reads text between these as phonemes; a robot's text is words."""
_ELLIPSIS = re.compile(r"\s*(?:\.*…|\.{2,})[….]*")
_NUMBER_SIGN = re.compile(r"(?<!\w)([nN])\.?[º°]\.?\s*(?=\d)")
_ORDINAL = re.compile(r"(?<=\d)\.(?=[ºª])")
_DOTTED_NUMBER = re.compile(r"(?<!\S)(\d+)\.(?=\s[a-zñáéíóú])")
_DON = re.compile(r"(?<![\w.])D\.(?=\s[A-ZÁÉÍÓÚÑ][a-záéíóúñ])")
_LETTER = r"[^\W\d_]\."
_SAYS_IT = ",;:.!?)]»”\"'’"
"""A mark that says itself how long to pause, or a quote or bracket before one."""
_OPENING = " ¿¡([«“\"'‘"
_AHEAD = re.compile(r"[)\]»”\"'’]*(?:\s+[(\[«“\"'‘]*|$)")
_BEFORE_NAMES = frozenset(
    "a al con de del según por para entre y e o u ni sobre don doña señor señora doctor doctora"
    " and by of for with from to or as".split()
)
_BEFORE_LABELS = frozenset(
    "plan vitamina vitamin grupo group letra letter vocal vowel opción option clase class tipo type"
    " parte part sección section nota grade nivel level respuesta answer".split()
)
_BEFORE_PLACES = frozenset("en in the la las los una".split())


class Language:
    """The abbreviations of a language, without their last dot, as in `sr=señor`."""

    def __init__(self, never_end: str = "", may_end: str = "", numbered: str = "") -> None:
        """Take tables of abbreviations.

        Before a capital letter the dot of `may_end` ends a sentence, that of `never_end` does not.
        `numbered` are abbreviations before a number only, and words elsewhere.
        """
        self._words = _table(never_end) | _table(may_end)
        self._may_end = frozenset(_table(may_end))
        self._numbered = _table(numbered)
        self._pattern = re.compile(
            rf"(?<![\w./@-])(?:(?P<numbered>{_any(self._numbered)})\.\s?(?=\d|(?!I\b)[IVXL]+\b)"
            rf"|(?:(?P<word>{_any(self._words)})\.|(?P<letters>(?:{_LETTER}\s?)*{_LETTER}))(?![\w@/]))"
        )

    def read(self, text: str) -> str:
        """Replace the abbreviations in `text` by words."""
        return self._pattern.sub(self._read, text)

    def _read(self, match: re.Match[str]) -> str:
        if match["numbered"]:
            return _like(match[0], self._numbered[_key(match["numbered"])]) + " "
        if match["letters"]:
            return _letters(match)
        key = _key(match["word"])
        return _like(match[0], self._words[key]) + _dot(match, key in self._may_end)


def normalize(text: str, lang: str) -> str:
    """Return `text` as a voice of language `lang` (`es`, `es-419`, `en_GB` …) should read it."""
    language = _LANGUAGES.get(lang.lower()[:2], _OTHER)
    text = " ".join(text.split())
    if language is _SPANISH:
        text = _NUMBER_SIGN.sub(lambda match: _like(match[1], "número "), text)
        text = _DON.sub(_don, _ORDINAL.sub("", text))
    text = language.read(text)
    text = _DOTTED_NUMBER.sub(r"\1", text)
    text = _RAW_PHONEMES.sub(" ", _ELLIPSIS.sub(_pause, text))
    return " ".join(text.split())


def _table(words: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in words.split())
    return {short: (long or short).replace("_", " ") for short, _is, long in pairs}


def _any(keys: Iterable[str]) -> str:
    """Build a pattern of `keys`.

    Keys with inner dots match as they stand, with or without a space after a dot. Others ignore
    case.
    """
    longest_first = sorted(keys, key=len, reverse=True)
    return (
        "|".join(
            key.replace(".", r"\.\s?") if "." in key else f"(?i:{key})" for key in longest_first
        )
        or r"(?!)"
    )


def _key(written: str) -> str:
    key = "".join(written.split())
    return key if "." in key else key.lower()


def _like(written: str, words: str) -> str:
    """Keep a capital first letter: the phonemizer ends a sentence only before one."""
    return words[0].upper() + words[1:] if written[0].isupper() else words


def _dot(match: re.Match[str], before_capitals: bool) -> str:
    """Return a dot where the match ends a sentence."""
    following = _following(match)
    if match.string[match.end() :].startswith((")", "]")) and following:
        return ""
    return "." if following in "¿¡" or (before_capitals and following.isupper()) else ""


def _following(match: re.Match[str]) -> str:
    """Return the next character past quotes, brackets and spaces; empty at the end."""
    ahead = _AHEAD.match(match.string, match.end())
    start = ahead.end() if ahead else match.end()
    return match.string[start : start + 1]


def _letters(match: re.Match[str]) -> str:
    """Read initials and abbreviations of letters as letters, without their dots."""
    letters = "".join(match[0].split())[:-1]
    if len(letters) == 1 and letters.islower():
        return match[0]  # a word, or a label
    return letters + _dot(match, not _is_before_a_name(match))


def _is_before_a_name(match: re.Match[str]) -> bool:
    """As in "según J. Pérez"; not as in "el plan B. Luego"."""
    previous = _previous_word(match)
    word = previous.lower()
    if word in _BEFORE_LABELS or match[0] == "I.":
        return False
    if match[0].count(".") > 1:
        return word not in _BEFORE_PLACES
    return not word or word in _BEFORE_NAMES or previous[0].isupper()


def _previous_word(match: re.Match[str]) -> str:
    """Return the word before the match in the same sentence; empty where there is none."""
    word = match.string[: match.start()].rstrip().rpartition(" ")[2].lstrip(_OPENING)
    return "" if word.endswith(tuple(",;.!?…—–")) else word.rstrip(":")


def _don(match: re.Match[str]) -> str:
    is_letter = _previous_word(match).lower() in _BEFORE_LABELS | {"la", "una"}
    return match[0] if is_letter else "Don"


def _pause(match: re.Match[str]) -> str:
    """Replace an ellipsis: a comma where the sentence goes on, a dot where it ends."""
    before, following = match.string[: match.start()], _following(match)
    if not before.strip(_OPENING) or before[-1] in "¿¡([«" or following in tuple(_SAYS_IT):
        return ""
    space = " " if match.string[match.end() :].startswith(following) and following else ""
    if before[-1] in _SAYS_IT:
        return space
    return ("." if following in "¿¡" or following.isupper() else ",") + space


_SPANISH = Language(
    never_end=(
        "sr=señor sra=señora sres=señores sras=señoras srta=señorita dr=doctor dra=doctora"
        " drs=doctores prof=profesor profa=profesora dña=doña lic=licenciado ing=ingeniero"
        " arq=arquitecto gral=general cap=capitán cnel=coronel sto=santo sta=santa ntra=nuestra"
        " mr=míster mrs=misis ms=mis st=Saint av=avenida avda=avenida ctra=carretera pza=plaza"
        " núm=número nro=número pág=página págs=páginas tel=teléfono ej=ejemplo vs=versus"
        " excmo=excelentísimo excma=excelentísima ilmo=ilustrísimo ilma=ilustrísima tte=teniente"
        " cía=compañía hno=hermano hnos=hermanos dpto=departamento depto=departamento cód=código"
        " p.ej=por_ejemplo P.ej=por_ejemplo"
    ),
    may_end=(
        "etc=etcétera aprox=aproximadamente máx=máximo mín=mínimo min=minutos hab=habitantes"
        " ud=usted uds=ustedes vd=usted vds=ustedes jr=júnior kg km cm mm"
        " EE.UU=Estados_Unidos RR.HH=recursos_humanos JJ.OO=Juegos_Olímpicos"
        " FF.AA=Fuerzas_Armadas Bs.As=Buenos_Aires Ph.D"
        " a.m p.m a.C=antes_de_Cristo d.C=después_de_Cristo"
    ),
    numbered=(
        "no=número art=artículo cap=capítulo vol=volumen fig=figura p=página pp=páginas s=siglo"
    ),
)
_ENGLISH = Language(
    never_end=(
        "mr mrs ms=Miz dr=doctor prof=professor rev=reverend gen=general capt=captain sgt=sergeant"
        " lt=lieutenant col=colonel maj=major gov=governor sen=senator mt=mount st"
        " vs=versus approx=approximately dept=department tel=telephone"
        " e.g=for_example i.e=that_is"
    ),
    may_end=(
        "etc jr=junior sr=senior inc=incorporated ltd=limited co=company ave=avenue rd=road ft=feet"
        " kg km cm mm a.m=AM p.m=PM U.S U.K Ph.D"
    ),
    numbered=(
        "no=number art=article vol=volume fig=figure ch=chapter p=page pp=pages max=maximum"
        " min=minimum sec=section jan=January feb=February aug=August sept=September oct=October"
        " nov=November dec=December"
    ),
)
_OTHER = Language()
_LANGUAGES = {"es": _SPANISH, "en": _ENGLISH}
