"""Show how texts are said: the words an engine gets, their phonemes, language and voice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError

from ttsmonitor.models import VoiceSetting
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.speaking.on_request import unsaved_utterance
from ttsmonitor.speaking.pieces import pieces_of
from ttsmonitor.speaking.pronunciation_tables import pronunciations
from ttsmonitor.speaking.wording import wordings
from ttsmonitor.synthesis.choice import choose_voice
from ttsmonitor.synthesis.phonemes import phonemes_of


@dataclass(frozen=True)
class Pronounced:
    """A text and how it is said."""

    text: str
    spoken: str
    """The words that an engine gets."""
    phonemes: str
    """In IPA."""
    lang: str
    voice: str
    """The engine and its voice, as in the history."""


def pronounce(texts: Sequence[str], lang: str = "", voice: str = "") -> list[Pronounced]:
    """Return how `texts` are said, in `lang` and by `voice` where they are given.

    Raises SynthesisError where nothing can say them.
    """
    settings = _settings()
    said = [_said(text, lang, voice, settings) for text in texts]
    phonemes = phonemes_of([(words, language) for words, language, _voice in said])
    return [
        Pronounced(text, words, sounds, language, label)
        for text, (words, language, label), sounds in zip(texts, said, phonemes, strict=True)
    ]


def _said(
    text: str, lang: str, voice: str, settings: Iterable[VoiceSetting]
) -> tuple[str, str, str]:
    """Return the words, their language, and the voice that would say them."""
    utterance = unsaved_utterance(text, lang=lang, voice=voice)
    said = [each.request for each in wordings(utterance, pieces_of(utterance), settings)]
    if not said:
        return "", lang, ""
    label = choose_voice(engine_config(), said[0]).label
    return " ".join(each.text for each in said), said[0].lang, str(label)


def _settings() -> list[VoiceSetting]:
    """Return the voice settings, and read the pronunciations; none without a database."""
    try:
        pronunciations.refresh()
        return list(VoiceSetting.objects.all())
    except DatabaseError:
        return []
