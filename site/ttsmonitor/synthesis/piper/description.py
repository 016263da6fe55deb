"""Check the description of a Piper voice (`.onnx.json`) before it is used.

Each number goes into the model or into a buffer's size: a `length_scale` of 100,000 asks for
gigabytes of sound.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import SynthesisError

MOST_BYTES = 4_000_000
"""Maximum size of a description file; published ones have 5 to 50 kilobytes."""
PIPER_SYMBOLS = 256
"""Phoneme ids that Piper reserves, also for voices whose `num_symbols` counts fewer."""


class Number(NamedTuple):
    """A numeric field and the values it may have."""

    name: str
    low: float
    high: float
    is_whole: bool = False
    is_required: bool = False


NUMBERS = (
    Number("audio.sample_rate", 8_000, 96_000, is_whole=True, is_required=True),
    Number("num_symbols", 1, 65_536, is_whole=True, is_required=True),
    Number("num_speakers", 0, 65_536, is_whole=True, is_required=True),
    Number("default_speaker_id", 0, 65_536, is_whole=True),
    Number("hop_length", 1, 65_536, is_whole=True),
    Number("inference.noise_scale", 0, 2),
    Number("inference.length_scale", 0.2, 5),
    Number("inference.noise_w", 0, 2),
)


def check_description(config: object) -> None:
    """Raise SynthesisError with the field, its value and what it may be, if one is unusable."""
    if not isinstance(config, dict):
        raise _error("the description", config, Reason("an object"))
    for number in NUMBERS:
        _check_number(config, number)
    if not isinstance(_field(config, "espeak.voice"), str):
        raise _error("espeak.voice", _field(config, "espeak.voice"), Reason("text"))
    _check_phonemes(config)


def _check_number(config: Mapping[str, Any], number: Number) -> None:
    value = _field(config, number.name)
    if value is _MISSING and not number.is_required:
        return
    kinds = int if number.is_whole else (int, float)
    # NaN and infinity are in no range.
    is_number = isinstance(value, kinds) and not isinstance(value, bool)
    if not is_number or not number.low <= value <= number.high:
        limits = {"low": number.low, "high": number.high}
        if number.is_whole:
            raise _error(
                number.name, value, Reason("a whole number from {low} to {high}", **limits)
            )
        raise _error(number.name, value, Reason("a number from {low} to {high}", **limits))


def _check_phonemes(config: Mapping[str, Any]) -> None:
    phonemes = _field(config, "phoneme_id_map")
    if not isinstance(phonemes, dict) or not phonemes:
        raise _error("phoneme_id_map", phonemes, Reason("an object that is not empty"))
    last = max(config["num_symbols"], PIPER_SYMBOLS) - 1
    for phoneme, ids in phonemes.items():
        are_ids = isinstance(ids, list) and all(type(each) is int for each in ids)
        if not are_ids or not all(0 <= each <= last for each in ids):
            name = f"phoneme_id_map[{phoneme!r:.40}]"
            allowed = Reason("a list of whole numbers from {low} to {high}", low=0, high=last)
            raise _error(name, ids, allowed)


class _Missing:
    """A marker for a missing field."""

    def __repr__(self) -> str:
        return "missing"


_MISSING = _Missing()


def _field(config: Mapping[str, Any], name: str) -> Any:
    """Return the value of a field such as `audio.sample_rate`, or _MISSING."""
    value: Any = config
    parents: list[str] = []
    for key in name.split("."):
        if not isinstance(value, dict):
            raise _error(".".join(parents), value, Reason("an object"))
        parents.append(key)
        value = value.get(key, _MISSING)
        if value is _MISSING:
            break
    return value


def _error(name: str, value: object, allowed: Reason) -> SynthesisError:
    shown = Reason("missing") if value is _MISSING else f"{value!r:.80}"
    return SynthesisError(
        Reason(
            "{field} is {value}; it has to be {wanted}. Download the voice"
            " again, or correct the file",
            field=name,
            value=shown,
            wanted=allowed,
        )
    )
