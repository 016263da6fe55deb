"""The language in which an utterance is written: what the message says, else what is recognized."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from ttsmirror.models import Utterance
from ttsmonitor.conf import conf
from ttsmonitor.language.detection import LanguageDetector
from ttsmonitor.language.pipeline import plain_text
from ttsmonitor.models import VoiceSetting
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.synthesis.choice import language_of
from ttsmonitor.synthesis.voice import is_same_language

RECENT = 5
"""Utterances of a robot whose language tells what it speaks."""
LOOKED_AT_CHARACTERS = 1_000
"""Length of the beginning of a piece that is looked at, marks and all."""


class Recognition:
    """The language of one utterance, decided by the first of its sentences that tells.

    It is asked with whole sentences, so the voice never changes within one. What follows the first
    that tells changes nothing: an answer keeps its voice.
    """

    def __init__(self, utterance: Utterance, settings: Iterable[VoiceSetting]) -> None:
        """Take the voice settings as they are now."""
        self._utterance = utterance
        self._settings = settings
        self._lang = utterance.lang or _voice_language(utterance.voice)
        self._is_certain = bool(self._lang)

    def of(self, written: str) -> str:
        """Return the language of `written`, the next sentences of the utterance."""
        if not self._is_certain:
            self._recognize(written)
        return self._lang

    def _recognize(self, written: str) -> None:
        recognized = ""
        if detector().is_needed:
            recognized = detector().detect(plain_text(written[:LOOKED_AT_CHARACTERS]))
        self._is_certain = bool(recognized)
        if recognized:
            # TTS_LANG may name a region, too.
            is_default = is_same_language(recognized, conf.TTS_LANG)
            self._lang = conf.TTS_LANG if is_default else recognized
        elif not self._lang:
            self._lang = self._expected()

    def _expected(self) -> str:
        """Return what the robot spoke last, else the language of its voice, else TTS_LANG."""
        device_id = self._utterance.device_id
        if not device_id or not detector().is_needed:
            return conf.TTS_LANG
        recent = Utterance.objects.of_device(device_id).exclude(pk=self._utterance.pk).recent()
        spoken = recent.values_list("lang", flat=True)[:RECENT]
        chosen = (
            _voice_language(each.voice)
            for each in self._settings
            if each.device_id == device_id and not each.lang
        )
        known = (lang for lang in (*spoken, *chosen) if lang and detector().knows(lang))
        return next(known, conf.TTS_LANG)


def detector() -> LanguageDetector:
    """Return the detector of the languages that the settings name."""
    return _detector(conf.TTS_LANGUAGES, conf.TTS_LANG)


@cache
def _detector(languages: str, default: str) -> LanguageDetector:
    named = [each.strip() for each in languages.split(",") if each.strip()]
    if len(named) < 2:
        return LanguageDetector([])
    return LanguageDetector([*named, default])


def _voice_language(voice: str) -> str:
    """Return the language of a voice; empty for none, and for one that reads any."""
    return language_of(voice, engine_config()) if voice else ""
