"""Combine what an utterance, the voice settings and a mood say about how to speak."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmonitor.conf import conf
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.models import VoiceSetting
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.speaking.pronunciation_tables import pronunciations
from ttsmonitor.synthesis.base import WARM_UP, SpeechRequest
from ttsmonitor.synthesis.choice import choose_voice, find_voice
from ttsmonitor.synthesis.prosody import prosody_of
from ttsmonitor.synthesis.synthesizer import Synthesizer

SPEEDS = (0.4, 2.5)
"""Minimum and maximum speed of a voice: a setting's 0.5 to 2, combined with a mood."""
VOLUMES = (0.0, 2.5)


def request_in(lang: str, utterance: Utterance, settings: Iterable[VoiceSetting]) -> SpeechRequest:
    """Return a request without a text, for a voice that reads `lang` as `utterance` should sound.

    A voice named by the message wins over the settings. Of these the most precise one counts
    (robot before source before language), unless its voice reads another language.
    """
    fitting = [each for each in settings if each.fits(utterance, lang)]
    fitting = [*sorted(fitting, key=VoiceSetting.precision, reverse=True), VoiceSetting()]
    setting = fitting[0]
    speaking = next(each for each in fitting if _can_say(each, lang))
    pace, loudness = prosody_of(utterance.mood, utterance.intensity)
    return SpeechRequest(
        text="",
        lang=lang,
        voice=utterance.voice or speaking.voice,
        speaker=speaking.speaker if utterance.voice in ("", speaking.voice) else None,
        speed=_within(SPEEDS, pace * setting.speed),
        volume=_within(VOLUMES, loudness * setting.volume),
    )


def _within(bounds: tuple[float, float], value: float) -> float:
    """Return `value`, or the bound that it is beyond; the lower one of NaN."""
    low, high = bounds
    return min(high, max(low, value))


def _can_say(setting: VoiceSetting, lang: str) -> bool:
    """Return True if its voice is one for this language.

    Return True also for a setting that gives a language a voice of another language: the history
    then shows why that voice is not used.
    """
    if not setting.voice or setting.lang:
        return True
    try:
        return find_voice(setting.voice, engine_config()).reads(lang)
    except SynthesisError:
        return True  # choose_voice() finds another voice and the reason


def configured_voices(settings: Iterable[VoiceSetting]) -> list[SpeechRequest]:
    """Return a short request for each voice that settings name, to load them early."""
    named = {(each.voice, each.speaker): None for each in settings if each.voice}
    return [replace(WARM_UP, voice=voice, speaker=speaker) for voice, speaker in named]


def _next_voice(settings: Iterable[VoiceSetting]) -> str:
    """Return who speaks the next sentence in TTS_LANG; empty if nobody can."""
    now = timezone.now()
    utterance = Utterance(text="", published_at=now, received_at=now)
    try:
        request = request_in(conf.TTS_LANG, utterance, settings)
        return str(choose_voice(engine_config(), request).label)
    except SynthesisError:
        return ""


def _is_voice_missing(settings: Iterable[VoiceSetting]) -> bool:
    """Return True if a setting names a voice that is not installed."""
    for name in {each.voice for each in settings if each.voice}:
        try:
            find_voice(name, engine_config())
        except SynthesisError:
            return True
    return False


class VoiceKeeper:
    """Keeps the synthesis process running and the configured voices loaded.

    reload_voices() may take a second, so it is called only while nothing is spoken.
    """

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer
        self._ready: tuple[int | None, list[SpeechRequest]] = (None, [])
        self.settings: list[VoiceSetting] = []
        """The settings as last read."""
        self.next_voice = ""
        """The engine and voice that speak the next sentence in TTS_LANG, as in the history."""
        self.is_voice_missing = False
        """True if a setting names a voice that is not installed: another speaks in its place."""

    def reload_voices(self) -> None:
        """Restart a dead process, and load voices that are new in the settings."""
        self._synthesizer.ensure_started()
        self.settings = list(VoiceSetting.objects.all())
        self.next_voice = _next_voice(self.settings)
        self.is_voice_missing = _is_voice_missing(self.settings)
        pronunciations.refresh()
        pronunciations.table(conf.TTS_LANG)  # now, so that the next sentence need not wait
        wanted = (self._synthesizer.pid, configured_voices(self.settings))
        if wanted != self._ready:
            self._ready = wanted
            for request in wanted[1]:
                self._synthesizer.prepare(request)
