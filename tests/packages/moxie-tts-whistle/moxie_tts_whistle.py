"""An engine for Silbo Gomero and Mazatec whistling: a note for each word."""

from __future__ import annotations

import array
import math
import re
from collections.abc import Iterable

from ttsmonitor.synthesis import base
from ttsmonitor.synthesis.voice import Voice

RATE = 16_000
PITCHES = {"silbo": 1_800, "mazatec": 1_400}


class WhistleProvider(base.EngineProvider):
    """Offers two voices."""

    name = "whistle"

    def voices(self, config: base.EngineConfig) -> Iterable[Voice]:
        """Return the voices."""
        yield Voice(engine=self.name, name="silbo", langs=("es-ES-x-gomera",), title="Silbo")
        yield Voice(engine=self.name, name="mazatec", langs=("maz",), title="Mazatec")

    def create(self, voice: Voice, config: base.EngineConfig) -> base.Engine:
        """Return the engine of a voice."""
        return WhistleEngine(voice.name)


class WhistleEngine(base.Engine):
    """Whistles each word as a block, so the first is heard at once."""

    def __init__(self, voice_name: str) -> None:
        """Whistle with a voice."""
        self.voice_name = voice_name

    def speak(self, request: base.SpeechRequest, emit: base.Emit) -> None:
        """Emit a note for each word."""
        step = math.tau * PITCHES[self.voice_name] / RATE
        for word in re.finditer(r"\S+", request.text):
            count = round(RATE * 0.02 * len(word[0]) / request.speed)
            wave = (round(9_000 * request.volume * math.sin(step * n)) for n in range(count))
            pcm = array.array("h", (max(-32_768, min(32_767, each)) for each in wave)).tobytes()
            if not emit(base.Block(pcm, RATE, (base.Mark(word[0], 0.0, word.start()),))):
                return
