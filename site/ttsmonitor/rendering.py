"""An utterance of the history as a sound file, for whoever wants to hear how it was said."""

from __future__ import annotations

import io
import threading
import wave

from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.models import Utterance
from ttsmonitor.synthesis.base import EngineConfig
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.synthesizer import Synthesizer
from ttsmonitor.text import speakable
from ttsmonitor.voicing import request_for

_one_at_a_time = threading.Lock()
"""A voice takes some hundred megabytes while it speaks."""


def render(utterance: Utterance, config: EngineConfig, cache: SoundCache | None) -> bytes:
    """It as a WAV file, in the voice that it would have now. Raises SynthesisError.

    What is in the cache is there at once. Anything else is made by a process of its own, so that
    who is just being spoken to waits for nothing.
    """
    if not (words := speakable(utterance.text)):
        raise SynthesisError("there is nothing to say aloud in it")
    request = request_for(utterance, words)
    with _one_at_a_time:
        synthesizer = Synthesizer(config, cache=cache)
        try:
            blocks = list(synthesizer.speak(request))
        finally:
            synthesizer.stop()
    if not blocks:
        raise SynthesisError("the voice made no sound")
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(blocks[0].sample_rate)
        file.writeframes(b"".join(block.pcm for block in blocks))
    return content.getvalue()
