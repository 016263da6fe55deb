"""The interface of a translation engine, and the check of what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import TranslationError
from ttsmonitor.language.pipeline import plain_text

GROWTH = 3
"""A translation has at most so many times the characters of its original,"""
EXTRA_CHARACTERS = 60
"""and so many more, because a short sentence may grow a lot."""


@dataclass(frozen=True)
class Request:
    """A sentence to translate. Languages are BCP 47 tags."""

    sentence: str
    source: str
    target: str


class TranslationEngine(Protocol):
    """Translates sentences. Its methods may be called from several threads."""

    name: str
    """The engine's name, as in TTS_TRANSLATE_ENGINE and in the history: one word."""

    def unavailable(self, source: str, target: str) -> str:
        """Return why it cannot translate between these languages, and what to do; else empty."""
        ...

    def variant(self) -> str:
        """Return all that its translations depend on besides the request, such as the model."""
        ...

    def translate(self, request: Request, timeout_seconds: float) -> str:
        """Return the translation, within about `timeout_seconds`. Raises TranslationError."""
        ...


def language_code(lang: str) -> str:
    """Return the language of a tag without its region: es for es-MX."""
    return lang.lower().replace("_", "-").partition("-")[0]


def checked(request: Request, answer: str) -> str:
    """Return the words of `answer`. Raises TranslationError if it cannot be a translation."""
    words = plain_text(answer)
    if not words:
        raise TranslationError(Reason("the translation is empty"))
    if len(words) > GROWTH * len(request.sentence) + EXTRA_CHARACTERS:
        raise TranslationError(
            Reason(
                "the translation has {count} characters, the sentence {original}",
                count=len(words),
                original=len(request.sentence),
            )
        )
    return words
