"""Loudness of PCM."""

from __future__ import annotations

import numpy as np


def apply_gain(pcm: bytes, gain: float) -> bytes:
    """16-bit PCM times `gain`, limited to what 16 bits hold."""
    if gain == 1.0:
        return pcm
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) * gain
    limited: bytes = np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()
    return limited
