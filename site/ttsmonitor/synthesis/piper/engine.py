"""The Piper engine, through piper-tts (GPL-3), which only the synthesis process imports."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import numpy as np

from ttsmirror.reasons import Reason, reason_of
from ttsmonitor.exceptions import RunawaySpeechError, SynthesisError
from ttsmonitor.language.pronunciations import Phonemes, words_with_phonemes
from ttsmonitor.synthesis.base import Block, Emit, Engine, Mark, SpeechRequest
from ttsmonitor.synthesis.clauses import Clause, clauses
from ttsmonitor.synthesis.loudness import (
    KNEE,
    SILENCE,
    Edge,
    Limiter,
    Samples,
    gain_for,
    to_pcm,
    with_soft_end,
    without_end,
    without_start,
)
from ttsmonitor.synthesis.memory import is_out_of_memory
from ttsmonitor.synthesis.piper.phonemes import replace_word
from ttsmonitor.synthesis.piper.stages import (
    Scales,
    check_length,
    load_stages,
    session,
)
from ttsmonitor.synthesis.piper.timing import Timing, places, starts
from ttsmonitor.synthesis.piper.voices import InstalledVoice, piper_missing

logger = logging.getLogger(__name__)

CALIBRATION = "Hola, soy Moxie. ¿Qué tal estás hoy? ¡Vamos a jugar juntos al sol!"

ONSET = Edge(kept_seconds=0.02, fade_seconds=0.0)
"""The edge at the beginning of a sentence. A real voice begins with 35 to 70 ms of silence, which
only delays it; 20 ms are kept because an h or an f begins softly."""

Marks = tuple[Mark, ...]


class Runner(Protocol):
    """Turns phoneme ids into samples."""

    timing: Timing | None
    """Timing of the clause that speak() yields now, set at its first block; None: unknown."""

    def speak(self, ids: list[int], scales: Scales, speaker: int) -> Iterator[Samples]:
        """Yield the samples of a clause in blocks."""
        ...


class Whole:
    """A voice that cannot be split: each clause in one block."""

    def __init__(self, voice: Any) -> None:
        """Speak with Piper's own `voice`."""
        self._voice = voice
        self.timing: Timing | None = None

    def speak(self, ids: list[int], scales: Scales, speaker: int) -> Iterator[Samples]:
        """Yield the samples of a clause in one block."""
        from piper import SynthesisConfig

        noise, length, width = scales
        options = SynthesisConfig(
            speaker_id=speaker, noise_scale=noise, length_scale=length, noise_w_scale=width
        )
        made = self._voice.phoneme_ids_to_audio(ids, options)
        samples = made[0] if isinstance(made, tuple) else made
        sound = np.asarray(samples, dtype=np.float32).ravel()
        check_length(len(sound) / self._voice.config.sample_rate, ids, scales)
        self.timing = Timing(len(sound))
        yield sound


class PiperEngine(Engine):
    """A loaded voice."""

    def __init__(self, voice: InstalledVoice, gains: dict[int, float] | None = None) -> None:
        """Load `voice`, which takes about a second. Raises SynthesisError.

        `gains` are those of its speakers from an earlier load; new ones are added.
        """
        self.voice_name = voice.name
        self.is_provisional = False
        self._voice = voice
        self._gains = {} if gains is None else gains
        self._unmeasured: list[int] = []
        self._unknown: set[int] = set()
        try:
            self._load()
        except Exception as exc:
            if reason := _runaway(exc):
                raise SynthesisError(
                    Reason(
                        "The voice {name} cannot be used: {cause}", name=voice.name, cause=reason
                    )
                ) from exc
            if isinstance(exc, SynthesisError):
                raise
            raise SynthesisError(
                Reason(
                    "The voice {name} cannot be loaded; download it again. {cause}",
                    name=voice.name,
                    cause=reason_of(exc),
                )
            ) from exc

    def speak(self, request: SpeechRequest, emit: Emit) -> None:
        """Emit the sound in blocks, the first one as soon as a few frames are decoded."""
        try:
            is_meant = request.voice in ("", self._voice.name)
            speaker = self._speaker(request.speaker if is_meant else None)
            gain = self._gain(speaker)
            self.is_provisional = speaker in self._unmeasured
            for samples, marks in self._samples(request, speaker, 1 / gain):
                pcm = to_pcm(samples, gain * request.volume)
                if not emit(Block(pcm, self._config.sample_rate, marks)):
                    return
        except (OSError, EOFError):
            raise  # the pipe to the speech service
        except Exception as exc:
            reason = _runaway(exc) or reason_of(exc)
            raise SynthesisError(
                Reason("The voice {name} failed: {cause}", name=self._voice.name, cause=reason)
            ) from exc

    def _load(self) -> None:
        try:
            from piper import PiperVoice
            from piper.config import PiperConfig
        except ImportError as exc:
            raise SynthesisError(piper_missing()) from exc
        config = PiperConfig.from_dict(self._voice.config)
        try:
            # Only its phonemizer is used; the model itself is run in stages.
            self._start(PiperVoice(session=None, config=config), load_stages(self._voice.model))
        except Exception as exc:
            if _runaway(exc):
                raise  # the whole voice would take even more
            logger.warning(
                "%s cannot be split into stages, so it is spoken clause by clause: %s",
                self._voice.name,
                exc,
            )
            whole = PiperVoice(session=session(self._voice.model), config=config)
            self._start(whole, Whole(whole))

    def _start(self, piper: Any, runner: Runner) -> None:
        """Speak through `runner` once, to prove that it works."""
        self._piper, self._runner, self._config = piper, runner, piper.config
        default = self._speaker(None)
        if default in self._gains:
            next(self._calibration(default), None)
        else:
            self._unmeasured = [default]
            self._measure(lambda: False)

    def _speaker(self, wanted: int | None) -> int:
        """Return the wanted speaker, or the default one if the voice lacks it."""
        speakers, default = self._config.num_speakers, self._config.default_speaker_id
        if wanted is not None and 0 <= wanted < speakers:
            return wanted
        if wanted is not None and wanted not in self._unknown:
            self._unknown.add(wanted)
            logger.warning(
                "%s has no speaker %d; using its default speaker", self._voice.name, wanted
            )
        return int(default) if 0 <= default < speakers else 0

    def _gain(self, speaker: int) -> float:
        """Return the gain of a speaker; the default speaker's until it is measured."""
        if speaker not in self._gains and speaker not in self._unmeasured:
            self._unmeasured.append(speaker)
        return self._gains.get(speaker, self._gains[self._speaker(None)])

    def measure(self, is_disturbed: Callable[[], bool]) -> bool:
        """Measure the loudness of speakers that spoke for the first time, 0.25 s each.

        Return False if it was disturbed; it has to be called again then.
        """
        try:
            return self._measure(is_disturbed)
        except (OSError, EOFError):
            raise  # the pipe to the speech service
        except Exception as exc:
            logger.warning("%s: loudness measurement failed: %s", self._voice.name, exc)
            self._gains[self._unmeasured.pop()] = self._gains[self._speaker(None)]
            return not self._unmeasured

    def _measure(self, is_disturbed: Callable[[], bool]) -> bool:
        while self._unmeasured:
            said = [np.zeros(0, dtype=np.float32)]
            for samples, _marks in self._calibration(self._unmeasured[-1]):
                if is_disturbed():
                    return False
                said.append(samples)
            self._gains[self._unmeasured.pop()] = gain_for(np.concatenate(said))
        return True

    def _calibration(self, speaker: int) -> Iterator[tuple[Samples, Marks]]:
        """Return samples of a sentence that any voice can speak, or of the letters it knows."""
        text = CALIBRATION
        if self._config.phoneme_type.value == "text":
            letters = [each for each in self._config.phoneme_id_map if each.isalpha()]
            text = "".join(letters[: len(CALIBRATION)])
        return self._samples(SpeechRequest(text=text), speaker, 0.0)

    def _samples(
        self, request: SpeechRequest, speaker: int, full: float
    ) -> Iterator[tuple[Samples, Marks]]:
        """Yield the sound in blocks; the first of a sentence carries its word marks.

        `full` is the loudest sample; 0 means unknown, so that nothing counts as silence.
        """
        config, silence = self._config, SILENCE * full
        scales = (config.noise_scale, config.length_scale / request.speed, config.noise_w_scale)
        limiter = self._limiter(request.volume, full)
        follows = False
        pieces = list(clauses(request.text))
        for clause in pieces:
            parts = [part for part in self._phonemize(clause.text, request.phonemes) if part]
            for number, phonemes in enumerate(parts, start=1):
                cut: list[int] = []
                ids = self._piper.phonemes_to_ids(phonemes)
                blocks: Iterable[Samples] = self._runner.speak(ids, scales, speaker)
                if follows and number == 1:
                    blocks = without_start(blocks, silence, config.sample_rate, cut.append)
                elif clause is pieces[0] and number == 1:
                    blocks = without_start(blocks, silence, config.sample_rate, cut.append, ONSET)
                if clause.runs_on and number == len(parts):
                    blocks = without_end(blocks, silence, config.sample_rate)
                else:
                    blocks = with_soft_end(blocks, silence, config.sample_rate)
                if limiter is not None:
                    blocks = limiter.limited(blocks)
                for index, block in enumerate(blocks):
                    # Computed after the sound, so that it does not delay the sound.
                    is_first = index == 0
                    yield block, self._marks(clause, parts, number, sum(cut)) if is_first else ()
            follows = clause.runs_on

    def _phonemize(self, text: str, known: Phonemes) -> list[list[str]]:
        """Return the phonemes of each sentence, with the known ones of some words."""
        sentences: list[list[str]] = self._piper.phonemize(text)
        for word, phonemes in words_with_phonemes(text, known):
            if all(each in self._config.phoneme_id_map for each in phonemes):
                alone = [each for part in self._piper.phonemize(word) for each in part]
                sentences = [replace_word(each, alone, phonemes) for each in sentences]
        return sentences

    def _limiter(self, volume: float, full: float) -> Limiter | None:
        """Return a limiter if the sound may exceed the voice's own peak."""
        if not full or not (volume > 1 or (volume and self.is_provisional)):
            return None
        return Limiter(KNEE * full / volume, self._config.sample_rate)

    def _marks(self, clause: Clause, parts: list[list[str]], number: int, cut: int) -> Marks:
        """Return when the words of part `number` are heard, `cut` samples earlier than made."""
        timing, phonemes = self._runner.timing, parts[number - 1]
        if timing is None:
            return ()
        begins = starts(phonemes, timing, self._ids_of)
        return tuple(
            Mark(place.word, max(0.0, begins[place.phoneme] - cut) / self._config.sample_rate)
            for place in places(clause.text, parts)[number - 1]
        )

    def _ids_of(self, phoneme: str) -> int:
        known = self._config.phoneme_id_map
        return len(known[phoneme]) + len(known["_"]) if phoneme in known else 0


def _runaway(error: Exception) -> str:
    """Return the limit that a voice exceeded, sound or memory; empty for any other error."""
    # Messages of the process that splits voices do not count: a voice need not be split.
    if not isinstance(error, SynthesisError) and is_out_of_memory(error):
        return Reason(
            "it needs more memory than the synthesis may use (TTS_LOADED_MB and some headroom)"
        )
    return reason_of(error) if isinstance(error, RunawaySpeechError) else ""
