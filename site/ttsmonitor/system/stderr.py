"""Keep what PortAudio's libraries print on standard error out of the log.

They write to the file descriptor, several lines at each look for a device that is away. So the
descriptor becomes a pipe whose reader passes everything else on. Python's own lines do not take
that way, because they should be out before a crash.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

STDERR = 2
NOISE = re.compile(
    rb"Expression '.*' failed in '|ALSA lib |PaAlsa|.*(?:jack|JACK)|Cannot connect to server"
    rb"|connect\(2\) call to .* failed|attempt to connect to server failed|\|\|PaMacCore"
)


@contextmanager
def without_portaudio_noise() -> Iterator[None]:
    """Drop what PortAudio's libraries print within the block; it is in the log at level DEBUG."""
    original = os.dup(STDERR)
    reading, writing = os.pipe()
    python_stderr, own = sys.stderr, os.fdopen(os.dup(original), "w", buffering=1)
    os.dup2(writing, STDERR)
    os.close(writing)
    _move_handlers(python_stderr, own)
    sys.stderr = own
    reader = threading.Thread(
        target=_sift, args=(reading, original), name="ttsmonitor.stderr", daemon=True
    )
    reader.start()
    try:
        yield
    finally:
        os.dup2(original, STDERR)  # the pipe's other end closes with it, unless a child has it
        reader.join(1)
        sys.stderr = python_stderr
        _move_handlers(own, python_stderr)
        own.close()


def _move_handlers(before: object, after: object) -> None:
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is before:
            handler.setStream(after)


def _sift(reading: int, original: int) -> None:
    with os.fdopen(reading, "rb") as lines:
        for line in lines:
            if NOISE.match(line):
                logger.debug("%s", line.decode("utf-8", "replace").rstrip())
            else:
                os.write(original, line)
