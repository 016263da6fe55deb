"""The test tone: three notes, soft at both ends."""

from __future__ import annotations

import array
import math

from ttsmonitor.synthesis.base import Block

RATE = 22_050
NOTES_HZ = (523.25, 659.25, 783.99)
NOTE_SECONDS = 0.35
FADE_SECONDS = 0.05
AMPLITUDE = 9_000


def make_test_tone() -> Block:
    """Return about a second of sound: a C major chord, note by note."""
    samples = array.array("h")
    count = round(NOTE_SECONDS * RATE)
    for hertz in NOTES_HZ:
        for number in range(count):
            left_seconds = min(number, count - number) / RATE
            gain = AMPLITUDE * min(1.0, left_seconds / FADE_SECONDS)
            samples.append(round(gain * math.sin(2 * math.pi * hertz * number / RATE)))
    return Block(samples.tobytes(), RATE)
