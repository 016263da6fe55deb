"""Piper: neural voices, through piper-tts (GPL-3), which only the synthesis process imports."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np

from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import Block, Emit, SpeechRequest
from ttsmonitor.synthesis.clauses import clauses
from ttsmonitor.synthesis.loudness import SILENCE, gain_for, to_pcm, without_end, without_start
from ttsmonitor.synthesis.stages import Samples, load_stages
from ttsmonitor.synthesis.voices import Voice

logger = logging.getLogger(__name__)

CALIBRATION = "Hola, soy Moxie. ¿Qué tal estás hoy? ¡Vamos a jugar juntos al sol!"
Scales = tuple[float, float, float]


class Runner(Protocol):
    """Makes samples of phoneme ids."""

    def speak(self, ids: list[int], scales: Scales, speaker: int) -> Iterator[Samples]:
        """The samples of a clause, in blocks."""
        ...


class Whole:
    """A voice that cannot be cut: each clause in one piece."""

    def __init__(self, voice: Any) -> None:
        self._voice = voice

    def speak(self, ids: list[int], scales: Scales, speaker: int) -> Iterator[Samples]:
        from piper import SynthesisConfig

        noise, length, width = scales
        options = SynthesisConfig(
            speaker_id=speaker, noise_scale=noise, length_scale=length, noise_w_scale=width
        )
        made = self._voice.phoneme_ids_to_audio(ids, options)
        samples = made[0] if isinstance(made, tuple) else made
        yield np.asarray(samples, dtype=np.float32).ravel()


class PiperEngine:
    """A loaded voice."""

    def __init__(self, voice: Voice) -> None:
        """Load `voice`; about a second. Raises SynthesisError where that fails."""
        self.name = f"piper {voice.name}"
        self._voice = voice
        try:
            self._piper, self._runner = self._load()
            self._config = self._piper.config
            said = np.concatenate(list(self._samples(SpeechRequest(text=CALIBRATION), 1.0)))
        except SynthesisError:
            raise
        except Exception as exc:
            raise SynthesisError(
                f"The voice {voice.name} cannot be loaded; fetch it again. {exc}"
            ) from exc
        self._gain = gain_for(said)

    def speak(self, request: SpeechRequest, emit: Emit) -> None:
        """Emit the sound in blocks, the first one as soon as a few frames are decoded."""
        gain = self._gain * request.volume
        try:
            for samples in self._samples(request, SILENCE / self._gain):
                if not emit(Block(to_pcm(samples, gain), self._config.sample_rate)):
                    return
        except SynthesisError:
            raise
        except (OSError, EOFError):
            raise  # the pipe of whoever listens
        except Exception as exc:
            raise SynthesisError(f"The voice {self._voice.name} failed: {exc}") from exc

    def _load(self) -> tuple[Any, Runner]:
        try:
            from piper import PiperVoice
            from piper.config import PiperConfig
        except ImportError as exc:
            raise SynthesisError(
                "Piper is not installed: pip install -r requirements-piper.txt"
            ) from exc
        try:
            stages = load_stages(self._voice.model)
        except Exception as exc:
            logger.warning(
                "%s is spoken a clause at a time, since it cannot be cut: %s", self._voice.name, exc
            )
            whole = PiperVoice.load(self._voice.model)
            return whole, Whole(whole)
        config = PiperConfig.from_dict(self._voice.config)
        # Only its phonemizer is used; the model itself is run in stages.
        return PiperVoice(session=None, config=config), stages

    def _samples(self, request: SpeechRequest, silence: float) -> Iterator[Samples]:
        config = self._config
        scales = (config.noise_scale, config.length_scale / request.speed, config.noise_w_scale)
        speaker = config.default_speaker_id if request.speaker is None else request.speaker
        follows = False
        for clause in clauses(request.text):
            parts = [phonemes for phonemes in self._piper.phonemize(clause.text) if phonemes]
            for number, phonemes in enumerate(parts, start=1):
                ids = self._piper.phonemes_to_ids(phonemes)
                blocks: Iterable[Samples] = self._runner.speak(ids, scales, speaker)
                if follows and number == 1:
                    blocks = without_start(blocks, silence, config.sample_rate)
                if clause.runs_on and number == len(parts):
                    blocks = without_end(blocks, silence, config.sample_rate)
                yield from blocks
            follows = clause.runs_on
