"""Measurements of a voice's sound: pitch, pauses and loudness."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float32]

LOW_HERTZ, HIGH_HERTZ = 60.0, 400.0
WINDOW_SECONDS = 0.04
VOICED = 0.6
"""Correlation with itself, a period later, of a voiced sound."""
OCTAVE = 0.92
"""A shorter period is believed if it fits nearly as well: a multiple of it fits, too."""
PAUSE_LEVEL = 0.02
"""Of the loudest sample."""
PAUSE_STEP_SECONDS = 0.005
GATE_SECONDS = 0.4


def pitch(sound: Sound, rate: int, hop: int) -> Sound:
    """Return the pitch of each `hop` samples in semitones above 100 Hz; NaN where unvoiced."""
    window, longest = round(WINDOW_SECONDS * rate), int(rate / LOW_HERTZ)
    shortest = int(rate / HIGH_HERTZ)
    around = (window + longest) // 2
    padded = np.pad(sound.astype(np.float64), (around, around + hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window + longest)[::hop]
    frames = frames[: max(1, len(sound) // hop)] - frames[: max(1, len(sound) // hop)].mean(
        axis=1, keepdims=True
    )
    size = 1 << (window + 2 * longest).bit_length()
    spectrum = np.fft.rfft(frames, size)
    product = spectrum * np.conj(np.fft.rfft(frames[:, :window], size))
    alike = np.fft.irfft(product, size)[:, : longest + 1]
    squares = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    energy = squares[:, window : window + longest + 1] - squares[:, : longest + 1]
    alike /= np.sqrt(energy * energy[:, :1]) + 1e-6
    alike[:, :shortest] = -1
    best = alike.max(axis=1)
    peaks = (alike[:, 1:-1] >= alike[:, :-2]) & (alike[:, 1:-1] >= alike[:, 2:])
    good = np.pad(peaks, ((0, 0), (1, 1))) & (alike >= OCTAVE * best[:, None])
    period = np.where(good.any(axis=1), good.argmax(axis=1), alike.argmax(axis=1))
    semitones = 12 * np.log2(rate / np.maximum(period, 1) / 100)
    return np.where((best > VOICED) & (energy[:, 0] > 1e-4 * window), semitones, np.nan)


def longest_pause(sound: Sound, rate: int) -> float:
    """Return the seconds of the longest silence between two sounds."""
    step = round(PAUSE_STEP_SECONDS * rate)
    steps = np.abs(sound[: len(sound) // step * step]).reshape(-1, step).max(axis=1)
    loud = np.flatnonzero(steps > PAUSE_LEVEL * np.abs(sound).max())
    return float(np.diff(loud).max(initial=1) - 1) * step / rate


def loudness(sound: Sound, rate: int) -> float:
    """Return the loudness in LUFS, as in ITU-R BS.1770 with its absolute and relative gate."""
    weighted = np.fft.irfft(np.fft.rfft(sound) * _k_weighting(len(sound), rate), len(sound))
    length, step = round(GATE_SECONDS * rate), round(GATE_SECONDS * rate / 4)
    if len(weighted) < length:
        weighted = np.pad(weighted, (0, length - len(weighted)))
    blocks = np.lib.stride_tricks.sliding_window_view(weighted, length)[::step]
    powers = (blocks**2).mean(axis=1)
    powers = powers[_lufs(powers) > -70]
    if not powers.size:
        return -70.0
    return float(_lufs(powers[_lufs(powers) > _lufs(powers.mean()) - 10].mean()))


def _lufs(power: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, 1e-12)))


def _k_weighting(samples: int, rate: int) -> npt.NDArray[np.complex128]:
    """Return the response of both filters, whose coefficients are given for 48 kHz."""
    delay = np.exp(-2j * np.pi * np.fft.rfftfreq(samples, 1 / rate) / 48_000)
    shelf = (1.53512485958697 - 2.69169618940638 * delay + 1.19839281085285 * delay**2) / (
        1 - 1.69065929318241 * delay + 0.73248077421585 * delay**2
    )
    highpass = (1 - 2 * delay + delay**2) / (
        1 - 1.99004745483398 * delay + 0.99007225036621 * delay**2
    )
    return np.asarray(shelf * highpass)
