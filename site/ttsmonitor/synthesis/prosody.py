"""Map a mood to prosody: a little faster or slower, louder or softer."""

from __future__ import annotations

# Pace and loudness at full intensity; 1 is as ever. Small: a voice in a mood is still that voice.
_MANNERS = {
    "happy": (1.10, 1.10),
    "positive": (1.05, 1.05),
    "angry": (1.10, 1.20),
    "sad": (0.85, 0.80),
    "negative": (0.93, 0.92),
    "shy": (0.95, 0.70),
    "afraid": (1.12, 0.85),
    "concerned": (0.93, 0.92),
    "confused": (0.90, 0.95),
    "curious": (1.03, 1.00),
    "embarrassed": (0.95, 0.80),
}


def prosody_of(mood: str, intensity: float | None) -> tuple[float, float]:
    """Return (speed, volume) factors of a mood at an intensity from 0 to 1; None means 0.5."""
    pace, loudness = _MANNERS.get(mood, (1.0, 1.0))
    share = 0.5 if intensity is None else intensity
    return 1 + (pace - 1) * share, 1 + (loudness - 1) * share
