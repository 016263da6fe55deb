"""An utterance of the history as a WAV file."""

from __future__ import annotations

import copy
import io
import threading
import wave
from collections.abc import Callable
from dataclasses import replace
from itertools import chain

from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason
from ttsmonitor.conf import conf
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.speaking.pieces import pieces_of
from ttsmonitor.speaking.wording import wordings
from ttsmonitor.synthesis.base import Block, EngineConfig
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.synthesizer import Synthesizer

NICENESS = 10
_one_at_a_time = threading.Lock()
"""Held while rendering: a voice needs some hundred megabytes while it speaks."""


def render(
    utterance: Utterance,
    config: EngineConfig,
    cache: SoundCache | None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> bytes:
    """Return the utterance as a WAV file in the voice it would have now. Raises SynthesisError.

    What is not cached is synthesized in a process of its own, so that the live voice waits for
    nothing. `is_stopping` ends it early: this process could not end before a long text is done.
    """
    said = copy.copy(utterance)
    if utterance.translation:
        said.text, said.lang = utterance.translation, conf.TTS_LANG
    requests = [each.request for each in wordings(said, pieces_of(said))]
    if not requests:
        raise SynthesisError(Reason("the text has nothing to speak"))
    with _one_at_a_time:
        synthesizer = Synthesizer(replace(config, niceness=NICENESS), cache=cache)
        blocks: list[Block] = []
        try:
            for block in chain.from_iterable(map(synthesizer.speak, requests)):
                if is_stopping():
                    raise SynthesisError(Reason("the service was stopped"))
                blocks.append(block)
        finally:
            synthesizer.stop()
    if not blocks:
        raise SynthesisError(Reason("the voice made no sound"))
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(blocks[0].sample_rate)
        file.writeframes(b"".join(block.pcm for block in blocks))
    return content.getvalue()
