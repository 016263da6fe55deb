"""Finished sound on disk: what is said often starts at once.

One file per sound, written aside and renamed into place, so that any number of processes can share
the directory. The least recently used go when the directory outgrows its bound.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import struct
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ttsmonitor.synthesis.base import Block, Mark

logger = logging.getLogger(__name__)

_HEAD = struct.Struct("<4sI")
"""Magic, checksum of all that follows."""
_SIZES = struct.Struct("<II")
"""Samples per second, bytes of the marks that follow as JSON; then the samples."""
_MAGIC = b"PCM3"
BLOCK_BYTES = 16_384
FRESH_SECONDS = 60
"""A part that is younger is still being written, by another process."""


class SoundCache:
    """get() and put() by key; the directory holds at most `max_bytes`."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self.hits = 0
        self.misses = 0
        self._directory = directory
        self._max_bytes = max_bytes

    @staticmethod
    def key(*parts: object) -> str:
        """The key of what `parts` describe: voice, its state, parameters, text."""
        return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()

    def get(self, key: str) -> list[Block] | None:
        """The sound of `key` in blocks, or None."""
        path = self._path(key)
        try:
            blocks = _read(path.read_bytes())
        except (OSError, struct.error, ValueError, TypeError):
            self.misses += 1
            return None
        self.hits += 1
        with contextlib.suppress(OSError):  # it is read all the same
            os.utime(path)
        return blocks

    def has(self, key: str) -> bool:
        return self._path(key).exists()

    def keep(
        self, key: str, blocks: Iterable[Block], is_worth_keeping: Callable[[], bool]
    ) -> Iterator[Block]:
        """Yield `blocks`, and keep them once they were all taken."""
        taken: list[Block] = []
        for block in blocks:
            taken.append(block)
            yield block
        if is_worth_keeping() and len({block.sample_rate for block in taken}) == 1:
            self._put(key, taken)

    def clear(self) -> int:
        """Forget everything; how many sounds that were."""
        files = self._files()
        for path in files:
            path.unlink(missing_ok=True)
        return sum(path.suffix == ".pcm" for path in files)

    def _files(self) -> list[Path]:
        """Ours; somebody may keep others in that directory."""
        return [*self._directory.glob("*.pcm"), *self._directory.glob("*.part")]

    def _path(self, key: str) -> Path:
        return self._directory / f"{key}.pcm"

    def _put(self, key: str, blocks: list[Block]) -> None:
        data = _written(blocks)
        if len(data) > self._max_bytes / 4:
            return  # one long story should not push out everything else
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._make_room(len(data))
            self._write(self._path(key), data)
        except OSError as exc:
            logger.warning("the cache of sounds cannot be written: %s", exc)

    def _write(self, path: Path, data: bytes) -> None:
        handle, aside = tempfile.mkstemp(suffix=".part", dir=self._directory)
        try:
            with open(handle, "wb") as file:
                file.write(data)
            os.replace(aside, path)
        except OSError:
            Path(aside).unlink(missing_ok=True)
            raise

    def _make_room(self, size: int) -> None:
        known = []
        for path in self._files():
            with contextlib.suppress(OSError):  # another process may have removed it
                state = path.stat()
                if path.suffix != ".part" or state.st_mtime < time.time() - FRESH_SECONDS:
                    known.append((state.st_mtime_ns, state.st_size, path))
        excess = sum(each[1] for each in known) + size - self._max_bytes
        for _time, each_size, path in sorted(known):
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= each_size


def _written(blocks: list[Block]) -> bytes:
    """The file of these, whose marks are counted from the beginning of the first."""
    marks: list[tuple[str, float]] = []
    before = 0.0
    for block in blocks:
        marks += [(mark.word, round(before + mark.seconds, 3)) for mark in block.marks]
        before += block.seconds
    words = json.dumps(marks, ensure_ascii=False, separators=(",", ":")).encode()
    parts = [words, *(block.pcm for block in blocks)]
    rest = b"".join([_SIZES.pack(blocks[0].sample_rate, len(words)), *parts])
    return _HEAD.pack(_MAGIC, zlib.crc32(rest)) + rest


def _read(data: bytes) -> list[Block]:
    """The blocks of a file. Raises struct.error, ValueError or TypeError for any other one."""
    magic, checksum = _HEAD.unpack_from(data)
    if magic != _MAGIC or checksum != zlib.crc32(memoryview(data)[_HEAD.size :]):
        raise ValueError("not as it was written")
    rate, size = _SIZES.unpack_from(data, _HEAD.size)
    start = _HEAD.size + _SIZES.size + size
    words = json.loads(data[start - size : start])
    marks = tuple(Mark(str(word), float(seconds)) for word, seconds in words)
    return [
        Block(data[each : each + BLOCK_BYTES], rate, marks if each == start else ())
        for each in range(start, len(data), BLOCK_BYTES)
    ]
