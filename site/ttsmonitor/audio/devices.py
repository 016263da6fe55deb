"""Which sound devices PortAudio sees, without its libraries' words on what they did not find."""

from __future__ import annotations

import ctypes
import logging
import os
from contextlib import suppress
from functools import cache
from typing import Any

logger = logging.getLogger(__name__)


def _from_alsa(
    file: bytes | None, line: int, function: bytes | None, code: int, words: bytes | None
) -> None:
    # `words` are C's format, and its arguments are out of reach.
    logger.debug("alsa: %r in %r", words, function)


def _from_jack(words: bytes | None) -> None:
    logger.debug("jack: %r", words)


_ALSA = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)(_from_alsa)
_JACK = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(_from_jack)
HANDLERS = (
    ("libasound.so.2", "snd_lib_error_set_handler", _ALSA),
    ("libjack.so.0", "jack_set_error_function", _JACK),
    ("libjack.so.0", "jack_set_info_function", _JACK),
)


@cache
def quieten() -> None:
    """Have ALSA and JACK tell our log what they miss, once and for all, not standard error.

    Standard error is the whole process's: closing it meanwhile would lose other threads' lines.
    To be called once PortAudio is loaded.
    """
    for library, function, handler in HANDLERS:
        # Where PortAudio does without one of them, there is nothing to quieten.
        with suppress(OSError):
            getattr(ctypes.CDLL(library, os.RTLD_NOLOAD), function)(handler)


def find_device(portaudio: Any, wanted: str) -> Any:
    """The device of that name, part of a name or index; the default one for none.

    Raises OSError with the names of those that are there.
    """
    if not wanted:
        return portaudio.get_default_output_device_info()
    count = portaudio.get_device_count()
    devices = [portaudio.get_device_info_by_index(number) for number in range(count)]
    outputs = [device for device in devices if device["maxOutputChannels"] > 0]
    for device in outputs:
        if wanted == str(device["index"]):
            return device
    for device in outputs:
        if wanted.lower() in device["name"].lower():
            return device
    names = ", ".join(f"{device['index']}: {device['name']}" for device in outputs) or "none"
    raise OSError(f"TTS_AUDIO_DEVICE={wanted!r} is none of: {names}")
