"""Written text into the words to be said. No Django here.

A language is a package with its rules and an entry in LANGUAGES.
"""

from __future__ import annotations

import re
import unicodedata

from ttsmirror.text import language_tag
from ttsmonitor.language.abbreviations import OPENING, Abbreviations, Context, next_character
from ttsmonitor.language.amount import SUPERSCRIPTS, as_digits
from ttsmonitor.language.english import ENGLISH
from ttsmonitor.language.language import Language
from ttsmonitor.language.rules import AT_DIGITS, DIGITS, Region, Rule, apply_rules
from ttsmonitor.language.spanish import SPANISH
from ttsmonitor.language.tracked_text import TrackedText
from ttsmonitor.language.words_around import BEFORE_LABELS, BEFORE_NAMES, BEFORE_PLACES

LANGUAGES = {"es": SPANISH, "en": ENGLISH}
"""By the code that a language tag begins with."""

LONGEST_GROWTH = 10
"""The words are at most this many times as long as the text."""

_PASSES = 3
"""Rules are applied until nothing changes, so that words are final."""
_LONG = 2_000
"""Characters; a longer text is looked through once, and its numbers and signs are counted."""
_MOST_TOKENS = 800
_TOKEN = re.compile(r"\d+|[A-ZÁÉÍÓÚÜÑ]{2,}|\b[IVXLCDM]\b|[½-¾⅐-⅞Ⅰ-ⅿ²³¹⁰-⁹]|[^\w\s,;:!?¿¡\"'()«»-]")
_DIGITS = re.compile(rf"[0-9{SUPERSCRIPTS}]{{1,15}}")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_SAYS_IT = ",;:.!?)]»”\"'’"
"""A mark that makes its own pause, or a quote or bracket before one."""


def expand(text: TrackedText, lang: str) -> TrackedText:
    """Replace numbers, signs and abbreviations by the words that are said in `lang`.

    `lang` is a language tag, such as `es`, `es-419` or `en_GB`. Text of a language without rules
    keeps its digits. What is expanded stays the same if it is expanded again.
    """
    tag = language_tag(lang)
    language = LANGUAGES.get(tag.partition("-")[0], _ANY_LANGUAGE)
    words = _with_usual_digits(text)
    if _is_no_speech(words.text):
        words = _only_digits(words, language)
    else:
        words = _until_nothing_changes(words, language, language.region_of(tag))
    return _bounded(words, LONGEST_GROWTH * len(text.text))


def normalize(text: str, lang: str) -> str:
    """Return `text` as a voice of language `lang` (`es`, `es-419`, `en_GB` …) should read it."""
    words = expand(TrackedText.of(" ".join(text.split())), lang)
    return " ".join(words.text.split())


def _until_nothing_changes(text: TrackedText, language: Language, region: Region) -> TrackedText:
    rules = (*_FIRST, *language.rules, *_LAST)
    for _ in range(_PASSES if len(text.text) < _LONG else 1):
        before = text
        text = apply_rules(rules, before, region)
        if text is before:
            break
    return text


def _is_no_speech(text: str) -> bool:
    """Return True if a long text is mostly numbers and signs, such as a table or an attack."""
    return len(text) >= _LONG and sum(1 for _ in _TOKEN.finditer(text)) > _MOST_TOKENS


def _only_digits(text: TrackedText, language: Language) -> TrackedText:
    """Read each run of digits without regard to what is around it."""
    if language.digits is None:
        return text
    pieces: list[str] = []
    origins: list[int] = []
    end = 0
    for match in _DIGITS.finditer(text.text):
        start = match.start()
        words = f" {language.digits(as_digits(match[0]))} "
        pieces += text.text[end:start], words
        origins += text.origins[end:start]
        origins += [text.origins[start]] * len(words)
        end = match.end()
    pieces.append(text.text[end:])
    return TrackedText("".join(pieces), (*origins, *text.origins[end:]))


def _with_usual_digits(text: TrackedText) -> TrackedText:
    """Return digits of other scripts and circled ones as those of ASCII."""
    if text.text.isascii():
        return text
    numeric = filter(str.isnumeric, set(text.text).difference(DIGITS, SUPERSCRIPTS))
    usual = {each: folded for each in numeric if (folded := _usual_digits(each)).isdigit()}
    if all(len(folded) == 1 for folded in usual.values()):
        return TrackedText(
            text.text.translate({ord(each): folded for each, folded in usual.items()}), text.origins
        )
    return text.sub(_NOT_ASCII, lambda match: usual.get(match[0], match[0]))


def _usual_digits(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character)
    return "".join(str(unicodedata.digit(each)) if each.isdigit() else each for each in folded)


def _bounded(words: TrackedText, longest: int) -> TrackedText:
    """Cut words that are longer than `longest`; only a few lone signs ever are."""
    if len(words.text) <= longest:
        return words
    end = words.text.rfind(" ", 0, longest + 1)
    end = end if end > 0 else longest
    return TrackedText(words.text[:end], words.origins[:end])


def _pause(match: re.Match[str], _region: Region) -> str:
    """Replace an ellipsis: a comma where the sentence goes on, a dot where it ends."""
    before, following = (
        match.string[max(0, match.start() - 9) : match.start()],
        next_character(match),
    )
    if not before.strip(OPENING) or before[-1] in "¿¡([«" or following in tuple(_SAYS_IT):
        return ""
    space = " " if match.string[match.end() :].startswith(following) and following else ""
    if before[-1] in _SAYS_IT:
        return space
    return ("." if following in "¿¡" or following.isupper() else ",") + space


_INITIALS = Abbreviations(Context(BEFORE_NAMES, BEFORE_LABELS, BEFORE_PLACES))
_ANY_LANGUAGE = Language(rules=(_INITIALS.rule,))
"""Rules for any other language; its engine reads the digits."""
_FIRST = (
    Rule(
        re.compile(r"(?<!\S)(\d{1,9})\.(?=\s[a-zñáéíóú])"),
        lambda match, _region: match[1],
        DIGITS,
        AT_DIGITS,
    ),
)
"""A dot between a number and its noun, as in "el 3. de mayo"."""
_LAST = (
    Rule(re.compile(r"\s{0,9}(?:…|\.[.…])[….]*"), _pause, ".…"),
    Rule(re.compile(r"\[{2,}|\]{2,}"), lambda _match, _region: " ", "[]"),
)
"""An ellipsis; and brackets between which Piper would read phonemes, while a text is words."""
