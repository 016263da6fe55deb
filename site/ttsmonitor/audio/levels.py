"""Volume of PCM."""

from __future__ import annotations

import numpy as np


def apply_gain(pcm: bytes, before: float, after: float) -> bytes:
    """Scale 16-bit PCM by a gain that goes from `before` to `after`, clipped to 16 bits."""
    if before == after == 1.0:
        return pcm
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
    # A step would be heard as a click.
    samples *= np.linspace(before, after, len(samples), dtype=np.float32)
    limited: bytes = np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()
    return limited
