"""The Piper engine, through piper-tts (GPL-3), which only the synthesis process imports."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from ttsmirror.reasons import Reason, reason_of
from ttsmonitor.exceptions import RunawaySpeechError, SynthesisError
from ttsmonitor.language.pronunciations import Phonemes, words_with_phonemes
from ttsmonitor.synthesis.base import Block, Emit, Engine, Mark, SpeechRequest
from ttsmonitor.synthesis.loudness import (
    KEPT_SECONDS,
    KNEE,
    SILENCE,
    STILL,
    Limiter,
    Samples,
    gain_for,
    to_pcm,
    with_soft_end,
    with_soft_start,
    without_start,
)
from ttsmonitor.synthesis.memory import is_out_of_memory
from ttsmonitor.synthesis.piper.phonemes import replace_word
from ttsmonitor.synthesis.piper.script import Script, script_of
from ttsmonitor.synthesis.piper.speech import Scales, Speech, check_length
from ttsmonitor.synthesis.piper.stages import Stages, load_stages, session
from ttsmonitor.synthesis.piper.timing import estimated_begins
from ttsmonitor.synthesis.piper.voices import InstalledVoice, piper_missing
from ttsmonitor.synthesis.piper.words import Words
from ttsmonitor.synthesis.priority_lock import giving_way
from ttsmonitor.synthesis.sentences import sentences

logger = logging.getLogger(__name__)

CALIBRATION = "Hola, soy Moxie. ¿Qué tal estás hoy? ¡Vamos a jugar juntos al sol!"

URGENT_SECONDS = 0.2
"""A first block of this length is waited for: not all of its words are looked up before."""
MOST_CHARACTERS, MOST_CHARACTERS_WHOLE = 2_000, 400
"""Of a sentence. In one run of a whole voice, memory grows with it."""

Marks = tuple[Mark, ...]


class Spoken(Protocol):
    """A sentence that is being spoken."""

    def blocks(self) -> Iterator[Samples]:
        """Yield the samples in blocks; empty ones while more has to be made before the first."""
        ...

    @property
    def begins(self) -> Sequence[float]:
        """The sample at which each phoneme begins, as far as it is known; from the first block on.

        The sample 0 is the first one of blocks().
        """
        ...

    @property
    def is_told(self) -> bool:
        """True if that comes from the voice; False if it is estimated."""
        ...


class Runner(Protocol):
    """Turns phoneme ids into samples."""

    most_characters: int
    """Of a sentence, at most."""

    def speech(self, script: Script, scales: Scales, speaker: int, *, is_first: bool) -> Spoken:
        """Return a sentence to be spoken; before the first one the voice's silence is left out."""
        ...

    @property
    def slowness(self) -> float:
        """Seconds that a second of sound takes to be made; 0 while it is not known."""
        ...


class Staged:
    """A voice in stages: each sentence in blocks, the first one soon."""

    most_characters = MOST_CHARACTERS

    def __init__(self, stages: Stages) -> None:
        """Speak with these stages."""
        self._stages = stages

    def speech(self, script: Script, scales: Scales, speaker: int, *, is_first: bool) -> Speech:
        """Return a sentence to be spoken."""
        return Speech(self._stages, script, scales, speaker, is_silence_cut=is_first)

    @property
    def slowness(self) -> float:
        """Seconds that a second of sound takes to be made; 0 while it is not known."""
        return self._stages.pacing.slowness


class Whole:
    """A voice that cannot be split: each sentence in one block."""

    most_characters = MOST_CHARACTERS_WHOLE

    def __init__(self, voice: Any) -> None:
        """Speak with Piper's own `voice`."""
        self._voice = voice
        self.slowness = 0.0

    def speech(self, script: Script, scales: Scales, speaker: int, *, is_first: bool) -> Spoken:
        """Return a sentence to be spoken."""
        from piper import SynthesisConfig

        noise, length, width = scales
        options = SynthesisConfig(
            speaker_id=speaker, noise_scale=noise, length_scale=length, noise_w_scale=width
        )
        began = perf_counter()
        made = self._voice.phoneme_ids_to_audio(script.ids, options)
        samples = made[0] if isinstance(made, tuple) else made
        sound = np.asarray(samples, dtype=np.float32).ravel()
        seconds = len(sound) / self._voice.config.sample_rate
        check_length(seconds, len(script.ids), scales)
        self.slowness = (perf_counter() - began) / seconds if seconds else 0.0
        return WholeSpeech(script.phonemes, sound)


@dataclass(frozen=True)
class WholeSpeech:
    """A sentence that was made in one run."""

    phonemes: Sequence[str]
    sound: Samples
    is_told = False

    def blocks(self) -> Iterator[Samples]:
        """Yield the samples in one block."""
        yield self.sound

    @property
    def begins(self) -> Sequence[float]:
        """The sample at which each phoneme begins, by estimate."""
        return estimated_begins(self.phonemes, len(self.sound))


class PhonemeEngine(Engine):
    """A loaded voice that a runner speaks from the phonemes that Piper's eSpeak NG makes."""

    is_reentrant = True

    def __init__(self, name: str, gains: dict[int, float] | None = None) -> None:
        """Load the voice, which takes about a second. Raises SynthesisError.

        `gains` are those of its speakers from an earlier load; new ones are added.
        """
        self.voice_name = name
        self.is_provisional = False
        self._gains = {} if gains is None else gains
        self._unmeasured: list[int] = []
        self._unknown: set[int] = set()
        try:
            self._load()
        except Exception as exc:
            if reason := _runaway(exc):
                raise SynthesisError(
                    Reason("The voice {name} cannot be used: {cause}", name=name, cause=reason)
                ) from exc
            if isinstance(exc, SynthesisError):
                raise
            raise SynthesisError(
                Reason(
                    "The voice {name} cannot be loaded; download it again. {cause}",
                    name=name,
                    cause=reason_of(exc),
                )
            ) from exc

    def _load(self) -> None:
        """Call _start() with the phonemizer and the runner of the voice."""
        raise NotImplementedError

    def speak(self, request: SpeechRequest, emit: Emit) -> None:
        """Emit the sound in blocks, the first one as soon as a few frames are decoded."""
        try:
            is_meant = request.voice in ("", self.voice_name)
            speaker = self._speaker(request.speaker if is_meant else None)
            gain = self._gain(speaker)
            self.is_provisional = speaker in self._unmeasured
            for samples, marks in self._samples(request, speaker, 1 / gain):
                pcm = to_pcm(samples, gain * request.volume)
                if not emit(Block(pcm, self._config.sample_rate, marks)):
                    return
            self.slowness = self._runner.slowness
        except (OSError, EOFError):
            raise  # the pipe to the speech service
        except Exception as exc:
            reason = _runaway(exc) or reason_of(exc)
            raise SynthesisError(
                Reason("The voice {name} failed: {cause}", name=self.voice_name, cause=reason)
            ) from exc

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
        """Return the wanted speaker, or the default one where the voice lacks it."""
        speakers, default = self._config.num_speakers, self._config.default_speaker_id
        if wanted is not None and 0 <= wanted < speakers:
            return wanted
        if wanted is not None and wanted not in self._unknown:
            self._unknown.add(wanted)
            logger.warning(
                "%s has no speaker %d; using its default speaker", self.voice_name, wanted
            )
        return int(default) if 0 <= default < speakers else 0

    def _gain(self, speaker: int) -> float:
        """Return the gain of a speaker; the default speaker's until it is measured."""
        if speaker not in self._gains and speaker not in self._unmeasured:
            self._unmeasured.append(speaker)
        return self._gains.get(speaker, self._gains[self._speaker(None)])

    def measure(self, is_disturbed: Callable[[], bool]) -> bool:
        """Measure the loudness of speakers that spoke for the first time, 0.25 s each.

        Return False where it was disturbed and has to be called again.
        """
        try:
            return self._measure(is_disturbed)
        except (OSError, EOFError):
            raise  # the pipe to the speech service
        except Exception as exc:
            logger.warning("%s: loudness measurement failed: %s", self.voice_name, exc)
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
        """Yield the sound in blocks, each with the words of which it is known now when they begin.

        `full` is the loudest sample; 0 means unknown, so that nothing counts as silence.
        """
        config, silence = self._config, SILENCE * full
        scales = (config.noise_scale, config.length_scale / request.speed, config.noise_w_scale)
        limiter = self._limiter(request.volume, full)
        is_first = True
        for sentence in sentences(request.text, self._runner.most_characters):
            parts = [part for part in self._phonemize(sentence.text, request.phonemes) if part]
            words = Words(sentence.text, parts, self._pronounce)
            for number, phonemes in enumerate(parts):
                script = script_of(phonemes, self._piper.phonemes_to_ids(phonemes), self._ids_of)
                speech = self._runner.speech(script, scales, speaker, is_first=is_first)
                cut: list[int] = []
                blocks = self._trimmed(speech, silence if is_first else None, cut.append)
                blocks = with_soft_end(blocks, silence, config.sample_rate)
                if limiter is not None:
                    blocks = limiter.limited(blocks)
                for block, marks in self._with_marks(blocks, words, number, speech, cut):
                    yield block, tuple(_moved(mark, sentence.start) for mark in marks)
                is_first = False

    def _trimmed(
        self, speech: Spoken, silence: float | None, on_cut: Callable[[int], None]
    ) -> Iterator[Samples]:
        """Yield the blocks of a sentence, for the first one without the silence before it."""
        blocks, rate = speech.blocks(), self._config.sample_rate
        for first in blocks:
            if not first.size:
                yield first
                continue
            whole: Iterator[Samples] = chain((first,), blocks)
            if silence is None:
                yield from whole
            elif speech.is_told:  # of the silence only what may be an onset was made
                still = STILL * silence
                whole = without_start(whole, still, rate, on_cut, KEPT_SECONDS)
                yield from with_soft_start(whole, rate)
            else:
                yield from without_start(whole, silence, rate, on_cut)

    def _with_marks(
        self,
        blocks: Iterable[Samples],
        words: Words,
        number: int,
        speech: Spoken,
        cut: list[int],
    ) -> Iterator[tuple[Samples, Marks]]:
        """Yield the blocks of part `number` of a sentence with their words."""
        rate, made, told = self._config.sample_rate, 0, 0
        for block in blocks:
            if not block.size:
                yield block, ()
                continue
            is_urgent = not made and len(block) < URGENT_SECONDS * rate
            places, begins = words.places(number, at_once=is_urgent), speech.begins
            known = [each for each in places[told:] if each.phoneme < len(begins)]
            told += len(known)
            starts = [begins[each.phoneme] - sum(cut) - made for each in known]
            yield (
                block,
                tuple(
                    Mark(each.word.text, max(0.0, start) / rate, each.word.start)
                    for each, start in zip(known, starts, strict=True)
                ),
            )
            made += len(block)

    def _phonemize(self, text: str, known: Phonemes) -> list[list[str]]:
        """Return the phonemes of each sentence, with the known ones of some words."""
        parts: list[list[str]] = self._piper.phonemize(text)
        for word, phonemes in words_with_phonemes(text, known):
            if all(each in self._config.phoneme_id_map for each in phonemes):
                alone = [each for part in self._piper.phonemize(word) for each in part]
                parts = [replace_word(each, alone, phonemes) for each in parts]
        return parts

    def _pronounce(self, word: str) -> tuple[str, ...]:
        return tuple(chain.from_iterable(self._piper.phonemize(word)))

    def _limiter(self, volume: float, full: float) -> Limiter | None:
        """Return a limiter where the sound may exceed the voice's own peak."""
        if not full or not (volume > 1 or (volume and self.is_provisional)):
            return None
        return Limiter(KNEE * full / volume, self._config.sample_rate)

    def _ids_of(self, phoneme: str) -> int:
        known = self._config.phoneme_id_map
        return len(known[phoneme]) + len(known["_"]) if phoneme in known else 0


class PiperEngine(PhonemeEngine):
    """A loaded voice of Piper, in stages if it can be split."""

    def __init__(self, voice: InstalledVoice, gains: dict[int, float] | None = None) -> None:
        """Load `voice`. Raises SynthesisError."""
        self._voice = voice
        super().__init__(voice.name, gains)

    def _load(self) -> None:
        try:
            from piper import PiperVoice
            from piper.config import PiperConfig
        except ImportError as exc:
            raise SynthesisError(piper_missing()) from exc
        config = PiperConfig.from_dict(self._voice.config)
        try:
            # Only its phonemizer is used; the model itself is run in stages.
            with giving_way():
                stages = load_stages(self._voice.model)
            self._start(PiperVoice(session=None, config=config), Staged(stages))
        except Exception as exc:
            if _runaway(exc):
                raise  # the whole voice would take even more
            logger.warning(
                "%s cannot be split into stages, so it is spoken sentence by sentence: %s",
                self.voice_name,
                exc,
            )
            whole = PiperVoice(session=session(self._voice.model), config=config)
            self._start(whole, Whole(whole))


def _moved(mark: Mark, start: int) -> Mark:
    """Return a mark of a sentence with its place in the whole text."""
    return replace(mark, offset=start + (mark.offset or 0))


def _runaway(error: Exception) -> str:
    """Say what a voice took too much of: sound or memory; empty for any other error."""
    # Messages of the process that splits voices do not count: a voice need not be split.
    if not isinstance(error, SynthesisError) and is_out_of_memory(error):
        return Reason(
            "it needs more memory than the synthesis may use (TTS_LOADED_MB and some headroom)"
        )
    return reason_of(error) if isinstance(error, RunawaySpeechError) else ""
