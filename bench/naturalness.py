"""How natural the voice sounds where a sentence is read in two runs, beside the Piper library.

The runs are joined in the middle of a sentence. What is heard around the joint is compared with
repeated renderings of the whole sentence: a voice never says it twice in the same way.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.acoustics import Sound, longest_pause, loudness, pitch
from bench.machine import BenchError, find_voice, note
from bench.sentences import LANGUAGES, pairs, unbroken, with_comma
from bench.tables import Wanted, median, percentile, report, table
from ttsmonitor.language.normalization import normalize
from ttsmonitor.synthesis.base import Block, SpeechRequest
from ttsmonitor.synthesis.piper.engine import PiperEngine, Staged
from ttsmonitor.synthesis.piper.script import Script, script_of
from ttsmonitor.synthesis.piper.speech import Scales, Speech
from ttsmonitor.synthesis.piper.stages import Stages
from ttsmonitor.synthesis.piper.voices import InstalledVoice, read_voice
from ttsmonitor.synthesis.piper.words import STRESS, is_sound, words_of

RENDERINGS = 8
"""Of each sentence, whole; and half as many in two runs."""
BEFORE, AFTER = 8, 8
"""Phonemes around a joint that are compared,"""
LAST = 5
"""and those before it whose lengths are."""
FAR = 1_000_000
"""Frames; more than any sentence has."""
BEYOND_PERCENT = 10
"""Sentences that may differ more than 95 of 100 of the voice's own renderings: 5 and some luck."""
PAUSE_PERCENT, LIGHT_MS = 10, 40


class Rendering(NamedTuple):
    """The phonemes around a place in a sentence, as they were spoken once."""

    pitches: Sound
    """In semitones; NaN where one is unvoiced."""
    lengths: Sound
    """In samples."""


class Bench:
    """The voice and the library beside it."""

    def __init__(self, voice: InstalledVoice) -> None:
        from piper import PiperVoice

        self.engine = PiperEngine(voice)
        self.rate = voice.sample_rate
        self.piper = PiperVoice.load(voice.model)
        runner = self.engine._runner
        if not isinstance(runner, Staged):
            raise BenchError("the voice cannot be run in stages: there is nothing to compare")
        self.stages = runner._stages
        self.engine._runner = self.runner = _Kept(self.stages)

    def script(self, text: str) -> Script:
        """Return what the voice is given for the only sentence of a text."""
        (phonemes,) = self.piper.phonemize(text)
        return script_of(phonemes, self.piper.phonemes_to_ids(phonemes), self.engine._ids_of)

    def joint(self, script: Script) -> int | None:
        """Return the phoneme at which the second run of a sentence begins; None: there is none."""
        speech = self._read(script, is_whole=False)
        return script.starts.index(speech.joints[0]) if speech.joints else None

    def render(self, script: Script, place: int, *, is_whole: bool) -> Rendering:
        """Speak a sentence, in one run or as the service does; return what is around `place`."""
        speech = self._read(script, is_whole=is_whole)
        hop, around = self.stages.hop, self.stages.decoder_context
        begins = [round(each) // hop for each in speech.begins]
        first = max(0, place - BEFORE)
        begins = begins[first : place + AFTER + 1]
        low = max(0, begins[0] - around)
        sound = self.stages.decoder(speech._latent[:, :, low : begins[-1] + around], 0)
        semitones = pitch(sound, self.rate, hop)
        pitches = [_middle(semitones[one - low : other - low]) for one, other in pairwise(begins)]
        return Rendering(np.array(pitches, np.float32), np.diff(begins).astype(np.float32))

    def _read(self, script: Script, *, is_whole: bool) -> Speech:
        """Return a sentence of which all is made but its samples."""
        config = self.piper.config
        scales = (config.noise_scale, config.length_scale, config.noise_w_scale)
        speech = (_Whole if is_whole else Speech)(self.stages, script, scales)
        next(speech.blocks([1]))
        speech._make_latent(FAR, ahead_seconds=1.0)
        return speech

    def ours(self, text: str) -> tuple[Sound, list[float]]:
        """Return the sound of a text, and when each word is lit."""
        blocks: list[Block] = []

        def emit(block: Block) -> bool:
            blocks.append(block)
            return True

        self.engine.speak(SpeechRequest(text), emit)
        pcm = np.frombuffer(b"".join(block.pcm for block in blocks), dtype="<i2")
        lit, before = [], 0.0
        for block in blocks:
            lit += [before + mark.seconds for mark in block.marks]
            before += block.seconds
        return (pcm / np.float32(32768)).astype(np.float32), lit

    def library(self, text: str) -> Sound:
        """Return the sound of a text that the Piper library makes."""
        made = [chunk.audio_float_array for chunk in self.piper.synthesize(text)]
        sound: Sound = np.concatenate(made)
        return sound


class _Kept(Staged):
    """A voice in stages that remembers what it said."""

    def __init__(self, stages: Stages) -> None:
        super().__init__(stages)
        self.spoken: list[Speech] = []

    def speech(self, script: Script, scales: Scales, speaker: int, *, is_first: bool) -> Speech:
        made = super().speech(script, scales, speaker, is_first=is_first)
        self.spoken.append(made)
        return made


class _Whole(Speech):
    """A sentence that is read in one run, as the library does."""

    def _end(self, *_: Any) -> int:
        return len(self._script.ids)


def run(args: argparse.Namespace) -> bool:
    """Measure and print. Return True if all wanted values hold."""
    path = find_voice(args.voice)
    if path is None:
        raise BenchError("there is no Piper voice: give one with --voice")
    voice = read_voice(Path(path))
    phrases = LANGUAGES.get(voice.langs[0][:2])
    if phrases is None:
        raise BenchError(f"there are no sentences in {voice.langs[0]}")
    bench = Bench(voice)
    rows: list[Sequence[str | float | None]] = []
    wanted: list[Wanted] = []
    for name, texts in (
        ("cut", unbroken(phrases, args.sentences)),
        ("comma", with_comma(phrases, args.sentences)),
    ):
        note(f"naturalness: {name}")
        _compare(bench, name, texts, rows, wanted)
    note("naturalness: pauses and loudness")
    _pauses(bench, "comma", with_comma(phrases, args.sentences // 2), rows, wanted)
    _pauses(bench, "sentence end", pairs(phrases, args.sentences // 2), rows, wanted)
    note("naturalness: light")
    _light(
        bench, [*unbroken(phrases, args.sentences // 2), *phrases.hard.splitlines()], rows, wanted
    )
    print(f"\nnaturalness: {args.sentences} sentences; voice {voice.name}, {voice.langs[0]}\n")
    print(table(["what", "ours median", "ours p95", "library median", "library p95"], rows))
    print()
    return report(wanted)


def _compare(
    bench: Bench,
    name: str,
    texts: Sequence[str],
    rows: list[Sequence[str | float | None]],
    wanted: list[Wanted],
) -> None:
    """Compare what is heard around a joint with the voice's own renderings."""
    contours: tuple[list[float], list[float]] = [], []
    lengths: tuple[list[float], list[float]] = [], []
    for text in texts:
        script = bench.script(text)
        place = script.phonemes.index(",") + 2 if name == "comma" else bench.joint(script)
        if place is None:
            continue
        whole = [bench.render(script, place, is_whole=True) for _ in range(RENDERINGS)]
        joined = [bench.render(script, place, is_whole=False) for _ in range(RENDERINGS // 2)]
        contours[0].extend(_contour(*pair) for pair in product(joined, whole))
        contours[1].extend(_contour(*pair) for pair in combinations(whole, 2))
        lengths[0].extend(_length(*pair) for pair in product(joined, whole))
        lengths[1].extend(_length(*pair) for pair in combinations(whole, 2))
    for what, (ours, own) in (("pitch, semitones rms", contours), ("length, times", lengths)):
        ours, own = ([each for each in values if np.isfinite(each)] for values in (ours, own))
        rows.append(
            [
                f"{name}: {what}",
                median(ours),
                percentile(ours, 95),
                median(own),
                percentile(own, 95),
            ]
        )
        wanted.append(_beyond(f"{name}, {what}", ours, own))


def _beyond(what: str, ours: list[float], own: list[float]) -> Wanted:
    """Return how many of ours are beyond the voice's own 95th percentile."""
    limit = percentile(own, 95) or 0.0
    beyond = 100 * sum(each > limit for each in ours) / max(1, len(ours))
    return Wanted(f"{what}: beyond 95 % of the voice's own", beyond, BEYOND_PERCENT, " %")


def _contour(one: Rendering, other: Rendering) -> float:
    """Return the difference of two pitch contours around a joint, in semitones rms."""
    difference = one.pitches - other.pitches
    known = difference[np.isfinite(difference)]
    known -= 12 * np.rint(known / 12)  # an octave is an error of pitch()
    return float(np.sqrt((known**2).mean())) if known.size > 2 else float("nan")


def _length(one: Rendering, other: Rendering) -> float:
    """Return how many times longer one of two renderings is before a joint; from 1 up."""
    before = slice(len(one.lengths) - AFTER - LAST, len(one.lengths) - AFTER)
    ratio = float(one.lengths[before].sum() / other.lengths[before].sum())
    return max(ratio, 1 / ratio)


def _pauses(
    bench: Bench,
    name: str,
    texts: Sequence[str],
    rows: list[Sequence[str | float | None]],
    wanted: list[Wanted],
) -> None:
    """Compare pauses and loudness with the library's."""
    ours = [bench.ours(text)[0] for text in texts for _ in range(2)]
    library = [bench.library(text) for text in texts for _ in range(2)]
    measures: dict[str, Callable[[Sound], float]] = {
        "pause, ms": lambda sound: 1000 * longest_pause(sound, bench.rate),
        "loudness, LUFS": lambda sound: loudness(sound, bench.rate),
    }
    for what, measure in measures.items():
        values = [[measure(sound) for sound in sounds] for sounds in (ours, library)]
        rows.append([f"{name}: {what}", *_summary(values[0]), *_summary(values[1])])
        if what.startswith("pause"):
            share = 100 * abs(float(np.mean(values[0]) / np.mean(values[1])) - 1)
            wanted.append(Wanted(f"{name}, pause: off the library's", share, PAUSE_PERCENT, " %"))


def _light(
    bench: Bench,
    texts: Sequence[str],
    rows: list[Sequence[str | float | None]],
    wanted: list[Wanted],
) -> None:
    """Measure how far from its sound a word is lit: by the phonemes of the text before it."""
    late: list[float] = []
    for text in texts:
        late += _late(bench, normalize(text, bench.piper.config.espeak_voice))
    rows.append(["light: off the word, ms", *_summary(late), None, None])
    wanted.append(Wanted("light, p95", percentile(late, 95) or 0.0, LIGHT_MS, " ms"))


def _late(bench: Bench, text: str) -> list[float]:
    """Return by how many milliseconds each word is lit before or after its sound begins.

    A word begins after as many phonemes as the text before it has, or before as many as the text
    from it on has: cut off there, one of the two may be spoken in another way. The engine finds the
    place in another way, so this is a check of it.
    """
    bench.runner.spoken.clear()
    sound, lit = bench.ours(text)
    begins: list[float] = []
    made = 0
    for speech, phonemes in zip(bench.runner.spoken, bench.piper.phonemize(text), strict=True):
        is_after_stress = False
        for phoneme, begin in zip(phonemes, speech.begins, strict=True):
            if is_sound(phoneme) and not is_after_stress:
                begins.append(made + begin)
            if phoneme in STRESS and not is_after_stress:
                begins.append(made + begin)
            is_after_stress = phoneme in STRESS
        made += (speech._noisy.shape[2] - speech._cut) * bench.stages.hop
    cut = made - len(sound)  # silence before the first sound
    late = []
    for word, seconds in zip(words_of(text), lit, strict=True):
        before = _sounds(bench, text[: word.start])
        after = len(begins) - _sounds(bench, text[word.start :])
        heard = [
            (begins[min(each, len(begins) - 1)] - cut) / bench.rate for each in (before, after)
        ]
        late.append(1000 * min(abs(seconds - max(0.0, each)) for each in heard))
    return late


def _sounds(bench: Bench, text: str) -> int:
    """Return how many phonemes are heard of a text."""
    return sum(is_sound(each) for phonemes in bench.piper.phonemize(text) for each in phonemes)


def _summary(values: list[float]) -> tuple[float | None, float | None]:
    return median(values), percentile(values, 95)


def _middle(values: Sound) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size > 1 else float("nan")
