"""Speak a sentence in blocks, each stage run only as far ahead as the next block needs.

The text stage reads a whole sentence where that is quick. Of a longer one it first reads the
beginning, with some words more than are wanted: their frames are dropped, and read again with what
follows and what came before. So each word is spoken as in the whole sentence, and the runs are
joined in the noisy latent, where nothing is heard of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from time import perf_counter
from typing import Protocol

import numpy as np

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import RunawaySpeechError
from ttsmonitor.synthesis.loudness import Samples
from ttsmonitor.synthesis.piper.block_size import (
    FIRST_FRAMES,
    FLOW_FRAMES,
    HELD_SECONDS,
    MOST_IDS,
    BlockSize,
)
from ttsmonitor.synthesis.piper.script import Script
from ttsmonitor.synthesis.piper.timing import estimated_begins

Scales = tuple[float, float, float]
"""Noise, length and width of noise."""

SECONDS_PER_ID = 0.2
"""Sound of a phoneme id, at most, at a length scale of 1; 0.03 in a real voice."""
SECONDS_OF_RUN = 5.0
"""Sound of a run, at most, beside that of its ids."""
LOOK_AHEAD = 56
"""Ids that the text stage reads beyond what is kept of a run, about five words. With two of them a
sentence begins half a semitone higher, as a shorter one would; with eight it sounds the same."""
BEFORE = 120
"""Ids that it reads again before those that are new, where the whole sentence takes too long."""
STRETCH = 1.25
"""A run may be so much longer, where that saves another one."""
ONSET_FRAMES = 4
"""Frames that stay of the silence before the first phoneme: it is heard up to 35 ms sooner than the
voice says."""


class Voice(Protocol):
    """The stages of a voice."""

    pacing: BlockSize
    flow_context: int
    decoder_context: int
    hop: int

    def read(self, ids: list[int], scales: Scales, speaker: int) -> tuple[Samples, list[int]]:
        """Return the noisy latent [1, channels, frames] and the frames of each id, if known."""
        ...

    def flow(self, noisy: Samples, speaker: int) -> Samples:
        """Return the latent of a window of the noisy latent."""
        ...

    def decoder(self, latent: Samples, speaker: int) -> Samples:
        """Return the samples of a window of the latent."""
        ...


class Speech:
    """A sentence on its way from phoneme ids to samples."""

    def __init__(
        self,
        voice: Voice,
        script: Script,
        scales: Scales,
        speaker: int = 0,
        *,
        is_silence_cut: bool = False,
    ) -> None:
        """Speak `script`, without the silence at its beginning if `is_silence_cut`."""
        self._voice, self._script = voice, script
        self._scales, self._speaker = scales, speaker
        self._is_silence_cut = is_silence_cut
        self.joints: list[int] = []
        """The ids with which another run of the text stage takes over."""
        self._frames: list[int] = []  # of the ids that were read; empty if the voice does not tell
        self._is_read = False
        self._noisy: Samples = np.zeros((1, 0, 0), dtype=np.float32)
        self._latent: Samples = self._noisy
        self._start = 0  # the next frame to be decoded
        self._cut = 0  # the frames of silence before the first one that was

    @property
    def is_told(self) -> bool:
        """True if the voice tells how long each id takes; known from the first block on."""
        return bool(self._frames)

    @property
    def begins(self) -> Sequence[float]:
        """The sample at which each phoneme begins, as far as it is known.

        The sample 0 is the first one of blocks(); what was cut before it is negative.
        """
        script, hop = self._script, self._voice.hop
        if not self._frames:
            return estimated_begins(script.phonemes, self._noisy.shape[2] * hop)
        ends = list(accumulate(self._frames, initial=-self._cut))
        return [float(ends[each] * hop) for each in script.starts if each < len(ends) - 1]

    def blocks(self, sizes: Iterable[int] = ()) -> Iterator[Samples]:
        """Yield the samples in blocks, the first one soon.

        The sizes, in frames, do not change the samples; without any, or after them, the pacing
        decides. Raises RunawaySpeechError before there is any sound.
        """
        pacing = self._voice.pacing
        given = iter(sizes)
        ahead_seconds = made_seconds = 0.0
        held: list[Samples] = []
        is_held, began_to_hold = True, perf_counter()
        while True:
            began = perf_counter()
            size = next(given, None)
            if size is None:
                size = pacing.next(ahead_seconds) if self._start else pacing.first()
            sound = self._decode(size, ahead_seconds)
            # The first one is waited for in any case.
            ahead_seconds -= 0.0 if is_held else perf_counter() - began
            seconds = len(sound) / self._voice.hop * pacing.frame_seconds
            ahead_seconds += seconds
            made_seconds += seconds
            held.append(sound)
            left = self._noisy.shape[2] - self._start
            is_last = self._is_read and left <= 0
            is_held = is_held and not is_last and made_seconds < self._held_seconds()
            if is_held and perf_counter() - began_to_hold < HELD_SECONDS:
                yield sound[:0]  # whoever listens may want no more
                continue
            is_held = False
            yield from held
            held = []
            if is_last:
                return

    def _held_seconds(self) -> float:
        """Return how much sound has to be made before any is heard."""
        pacing, frames, done = self._voice.pacing, self._noisy.shape[2], len(self._frames)
        latent = self._latent.shape[2] - self._voice.decoder_context - self._start
        if self._is_read:
            return pacing.held_seconds(frames - self._start, latent, {})
        ids = len(self._script.ids)
        frames_per_id = frames / max(1, done)
        beyond = self._start + pacing.context
        next_ids = min(ids, done + 2 * LOOK_AHEAD)
        kept = next_ids - LOOK_AHEAD
        reads = {max(0, frames - beyond): next_ids}
        if next_ids < ids and (last := round(kept * frames_per_id) - beyond) > frames - beyond:
            reads[last] = ids
        return pacing.held_seconds(round(frames_per_id * ids) - self._start, latent, reads)

    def _decode(self, size: int, ahead_seconds: float) -> Samples:
        """Return the samples of the next `size` frames, or of a few less that are at hand."""
        pacing, around = self._voice.pacing, self._voice.decoder_context
        if not self._noisy.shape[2]:
            self._read(pacing.first_ids(), pacing.cover(min(len(self._script.ids), MOST_IDS)))
            self._start = self._cut = self._silence()
            size += ONSET_FRAMES if self._cut else 0
        at_hand = self._noisy.shape[2] - pacing.context - self._start
        if not self._is_read and at_hand >= FIRST_FRAMES:
            size = min(size, at_hand)
        start, stop = self._start, self._start + size
        self._make_latent(stop + around, ahead_seconds)
        stop = min(stop, self._latent.shape[2])
        # Trimmed frames are no context either: they would be decoded for nothing.
        low, high = max(self._cut, start - around), min(self._latent.shape[2], stop + around)
        sound = self._voice.decoder(self._latent[:, :, low:high], self._speaker)
        self._start = stop
        hop = self._voice.hop
        return sound[(start - low) * hop : (stop - low) * hop]

    def _silence(self) -> int:
        """Return how many frames at the beginning carry no sound."""
        if not self._is_silence_cut or not self._frames:
            return 0
        return max(0, sum(self._frames[: self._script.lead]) - ONSET_FRAMES)

    def _make_latent(self, stop: int, ahead_seconds: float) -> None:
        """Run the flow, and the text stage before it, until the latent has `stop` frames."""
        around = self._voice.flow_context
        while not self._is_read and self._noisy.shape[2] < stop + around:
            self._read(self._voice.pacing.ids(ahead_seconds), None)
        if not around:
            self._latent = self._noisy
        while (start := self._latent.shape[2]) < min(stop, self._noisy.shape[2]):
            frames = self._noisy.shape[2]
            known = frames if self._is_read else frames - around
            end = min(known, max(stop, start + FLOW_FRAMES if start else stop))
            low, high = max(0, start - around), min(frames, end + around)
            window = self._voice.flow(self._noisy[:, :, low:high], self._speaker)
            self._latent = _joined(self._latent, window[:, :, start - low : end - low])

    def _read(self, most: int, wanted_frames: int | None) -> None:
        """Run the text stage over about `most` ids more, and keep of them `wanted_frames` or more.

        None: keep as much as the context after it allows.
        """
        ids, words, lead = self._script.ids, self._script.words, self._script.lead
        done = len(self._frames)
        low = self._first_of_context(done, most, words)
        end = self._end(done, low, most, words)
        noisy, frames = self._run_text([*(ids[:lead] if low else ()), *ids[low:end]], end)
        if not frames and end < len(ids):  # where a word ends in it is not known
            low, end = 0, len(ids)
            noisy, frames = self._run_text(ids, end)
        if not frames:
            self._noisy, self._is_read = noisy, True
            return
        offset = low - lead if low else 0  # from an index of the run to one of the sentence
        kept = end
        if end < len(ids):
            kept = self._kept(done, end, words, frames[lead:], wanted_frames)
        if done:
            self.joints.append(done)
        first, last = done - offset, kept - offset
        begin, stop = sum(frames[:first]), sum(frames[:last])
        self._noisy = _joined(self._noisy, noisy[:, :, begin:stop])
        self._frames += frames[first:last]
        self._is_read = kept == len(ids)

    def _run_text(self, ids: list[int], end: int) -> tuple[Samples, list[int]]:
        """Run the text stage over ids of the sentence up to `end`, as over a sentence."""
        if end < len(self._script.ids):
            ids = [*ids, self._script.ids[-1]]
        noisy, frames = self._voice.read(ids, self._scales, self._speaker)
        check_length(noisy.shape[2] * self._voice.pacing.frame_seconds, len(ids), self._scales)
        return noisy, frames

    def _first_of_context(self, done: int, most: int, words: list[int]) -> int:
        """Return the id with which the next run begins: that of the sentence, if it is near."""
        if done <= BEFORE or len(self._script.ids) <= most * STRETCH:
            return 0
        near = [each for each in words if done - BEFORE <= each < done]
        return near[0] if near else self._at_phoneme(done - BEFORE)

    def _end(self, done: int, low: int, most: int, words: list[int]) -> int:
        """Return the id before which the next run ends: with a word, if possible."""
        total = len(self._script.ids)
        last = low + max(most, done - low + 2 * LOOK_AHEAD)
        if not self._script.starts or total - low <= max(most * STRETCH, last - low):
            return total
        ends = [each for each in words if done + LOOK_AHEAD < each <= last]
        return ends[-1] if ends else self._at_phoneme(last)

    def _kept(
        self, done: int, end: int, words: list[int], frames: list[int], wanted: int | None
    ) -> int:
        """Return the id before which the kept part of a run ends: with a word, if possible.

        `wanted` are the frames that it should have, if that is enough.
        """
        ends = [each for each in words if done < each <= end - LOOK_AHEAD]
        if not ends:
            # Within a long word. Of one that leaves no room, everything is kept.
            within = self._at_phoneme(end - LOOK_AHEAD)
            return within if within > done else end
        if wanted is None:
            return ends[-1]
        lead = self._script.lead
        return next((each for each in ends if sum(frames[: each - lead]) >= wanted), ends[-1])

    def _at_phoneme(self, most: int) -> int:
        """Return the last place between two phonemes up to the id `most`."""
        starts: Sequence[int] = self._script.starts
        return int(starts[max(0, bisect_right(starts, most) - 1)])


def _joined(one: Samples, other: Samples) -> Samples:
    return np.concatenate([one, other], axis=2) if one.size else other


def check_length(seconds: float, ids: int, scales: Scales) -> None:
    """Raise RunawaySpeechError where a run takes far longer than anybody speaks."""
    most = SECONDS_OF_RUN + SECONDS_PER_ID * ids * max(1.0, scales[1])
    if seconds > most:
        raise RunawaySpeechError(
            Reason(
                "it makes {seconds} s of sound from {count} phonemes; the limit is {most} s",
                seconds=round(seconds),
                count=ids,
                most=round(most),
            )
        )
