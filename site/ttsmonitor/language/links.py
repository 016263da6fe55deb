"""Say addresses of pages and of mail in a few words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ttsmonitor.language.tracked_text import TrackedText


@dataclass(frozen=True)
class LinkWords:
    """The words of a language for the parts of an address."""

    link: str
    signs: dict[str, str]


LINK_WORDS = {
    "es": LinkWords(
        "enlace a",
        {".": "punto", "@": "arroba", "-": "guion", "_": "guion bajo", "+": "más"},
    ),
    "en": LinkWords(
        "link to",
        {".": "dot", "@": "at", "-": "dash", "_": "underscore", "+": "plus"},
    ),
}
"""By the code of the language. In others an address stays as it is written."""

_HOST = r"(?:[A-Za-z0-9ñ-]{1,63}\.){1,8}[A-Za-z]{2,24}"
_DOMAINS = (
    "com|org|net|edu|gov|gob|info|io|dev|app|es|mx|ar|cl|co|pe|ve|ec|uy|uk|us|eu|tv|cat|ai|de|fr"
)
_ADDRESS = re.compile(
    rf"(?P<page>(?:https?|ftp)://(?:[^\s/@<>]{{1,99}}@)?(?P<host>[^\s/?#<>\"'«»()\[\]:]{{1,253}})"
    r"[^\s<>\"«»“”]*)"
    r"|(?P<mail>(?:mailto:)?(?P<box>[\w.+-]{1,64}@[A-Za-z0-9ñ-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}))"
    rf"|(?<![\w./-])(?P<bare>(?:www\.)?{_HOST})(?P<path>/[^\s<>\"«»“”]*)?(?!\w)"
    r"|(?P<name>@)\.*"
)
_KNOWN_DOMAIN = re.compile(rf"(?:www\..*|.*\.(?:{_DOMAINS}))\Z", re.IGNORECASE)
_SIGN = re.compile(r"[.@_+-]+")
_AFTER = ".,;:!?…)]}'*_"
"""Marks at the end of an address that belong to the sentence."""


def with_spoken_links(text: TrackedText, lang: str) -> TrackedText:
    """Return the text with the words for its addresses; `lang` is a code such as `es`."""
    words = LINK_WORDS.get(lang)
    if words is None or not ("." in text.text or "@" in text.text):
        return text
    return text.sub(_ADDRESS, lambda match: _spoken(match, words))


def _spoken(match: re.Match[str], words: LinkWords) -> str:
    if match["name"]:
        before, after = (
            match.string[match.start() - 1 : match.start()],
            match.string[match.end() : match.end() + 1],
        )
        return " " * before.isalnum() + words.signs["@"] + " " * after.isalnum()
    written = match[0].rstrip(_AFTER)
    tail = match[0][len(written) :]
    if match["page"]:
        return f"{words.link} {_by_name(match['host'].rstrip(_AFTER), words)}{tail}"
    if match["mail"]:
        return _by_name(match["box"].rstrip(_AFTER), words) + tail
    if not _KNOWN_DOMAIN.match(match["bare"]):
        return match[0]
    name = _by_name(match["bare"], words)
    return (f"{words.link} {name}" if match["path"] else name) + tail


def _by_name(address: str, words: LinkWords) -> str:
    """Return an address with the names of its signs."""
    bare = address.removeprefix("www.")
    return " ".join(_SIGN.sub(lambda match: _signs(match[0], words), bare).split())


def _signs(signs: str, words: LinkWords) -> str:
    return f" {words.signs[signs[0]]} "
