"""The phonemes of texts, by eSpeak NG, which the voices of Piper are spoken from too.

eSpeak NG runs in a process of its own: it may be started only once in a process.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.espeak import EspeakEngine


def phonemes_of(texts: Sequence[tuple[str, str]]) -> list[str]:
    """Return the phonemes of each text and its language, in IPA. Takes about 0.2 s.

    Raises SynthesisError.
    """
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(1, mp_context=context) as processes:
            return processes.submit(_phonemes, list(texts)).result()
    except BrokenProcessPool as exc:
        raise SynthesisError(Reason("eSpeak NG could not be started")) from exc


def _phonemes(texts: Sequence[tuple[str, str]]) -> list[str]:
    engine = EspeakEngine()
    return [engine.phonemes(text, lang) for text, lang in texts]
