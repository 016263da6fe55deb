"""A cache of finished sound on disk, so that a repeated sentence starts at once.

There is one file per sound. It is written under a temporary name and renamed, so that any number of
processes can share the directory. A thread deletes the least recently used files before the
directory exceeds its limit.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import struct
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ttsmonitor.synthesis.base import Block, Mark

logger = logging.getLogger(__name__)

_HEAD = struct.Struct("<4sI")
"""Magic number, and the checksum of the rest of the file."""
_SIZES = struct.Struct("<II")
"""Samples per second, and the length of the marks in bytes. Marks (JSON) and samples follow."""
_MAGIC = b"PCM4"
BLOCK_BYTES = 16_384
FRESH_SECONDS = 60
"""Age up to which a partial file belongs to another process that is writing it, in seconds."""
CLEANUP_INTERVAL_SHARE = 1 / 16
"""Share of the limit that is written between two cleanups."""
FREE_SHARE = 2 * CLEANUP_INTERVAL_SHARE
"""Share of the limit that a cleanup leaves free: two processes may write without a cleanup."""


class SoundCache:
    """A directory of sounds by key, of at most `max_bytes`.

    A sound of more than CLEANUP_INTERVAL_SHARE of that may exceed it until the next cleanup.
    """

    def __init__(self, directory: Path, max_bytes: int) -> None:
        """Use the files in `directory`, which is created with the first sound."""
        self.hits = 0
        self.misses = 0
        self._directory = directory
        self._max_bytes = max_bytes
        self._bytes_since_cleanup = max_bytes  # the directory may be full already
        self._is_tidying = threading.Lock()

    @staticmethod
    def key(*parts: object) -> str:
        """Return the key of a voice, its state, its parameters and a text."""
        return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()

    def get(self, key: str) -> list[Block] | None:
        """Return the blocks of a sound, or None."""
        path = self._path(key)
        try:
            blocks = _read(path.read_bytes())
        except (OSError, struct.error, ValueError, TypeError):
            self.misses += 1
            return None
        self.hits += 1
        with contextlib.suppress(OSError):  # the sound was read; only its time is not updated
            os.utime(path)
        return blocks

    def has(self, key: str) -> bool:
        """Return True if the sound is cached."""
        return self._path(key).exists()

    def keep(
        self, key: str, blocks: Iterable[Block], is_worth_keeping: Callable[[], bool]
    ) -> Iterator[Block]:
        """Yield `blocks`, and cache them once all of them were consumed."""
        taken: list[Block] = []
        size = 0
        for block in blocks:
            size += len(block.pcm)
            if size > self._max_bytes / 4:
                taken.clear()  # _put() would refuse it, so do not keep it in memory
            else:
                taken.append(block)
            yield block
        if is_worth_keeping() and len({block.sample_rate for block in taken}) == 1:
            self._put(key, taken)

    def clear(self) -> int:
        """Delete all sounds; return how many there were."""
        files = self._files()
        for path in files:
            path.unlink(missing_ok=True)
        return sum(path.suffix == ".pcm" for path in files)

    def _files(self) -> list[Path]:
        """Return the files of this cache; the directory may contain others."""
        return [*self._directory.glob("*.pcm"), *self._directory.glob("*.part")]

    def _path(self, key: str) -> Path:
        return self._directory / f"{key}.pcm"

    def _put(self, key: str, blocks: list[Block]) -> None:
        data = _written(blocks)
        if len(data) > self._max_bytes / 4:
            return  # one long story should not push out everything else
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(self._path(key), data)
        except OSError as exc:
            logger.warning("the sound cache cannot be written: %s", exc)
            return
        self._bytes_since_cleanup += len(data)
        is_due = self._bytes_since_cleanup > self._max_bytes * CLEANUP_INTERVAL_SHARE
        if is_due and self._is_tidying.acquire(False):
            self._bytes_since_cleanup = 0
            # The speaking thread has no time to list thousands of files.
            threading.Thread(target=self._tidy, name="ttsmonitor.cache", daemon=True).start()

    def _write(self, path: Path, data: bytes) -> None:
        handle, aside = tempfile.mkstemp(suffix=".part", dir=self._directory)
        try:
            with open(handle, "wb") as file:
                file.write(data)
            os.replace(aside, path)
        except OSError:
            Path(aside).unlink(missing_ok=True)
            raise

    def _tidy(self) -> None:
        try:
            known = sorted(self._known())
            excess = sum(size for _used, size, _path in known) - self._max_bytes * (1 - FREE_SHARE)
            for _used, size, path in known:
                if excess <= 0:
                    return
                Path(path).unlink(missing_ok=True)
                excess -= size
        except OSError as exc:
            logger.warning("cleanup of the sound cache failed: %s", exc)
        finally:
            self._is_tidying.release()

    def _known(self) -> Iterator[tuple[int, int, str]]:
        """Yield the time of last use, the size and the path of each file."""
        stale_ns = time.time_ns() - FRESH_SECONDS * 1_000_000_000
        with os.scandir(self._directory) as entries:
            for entry in entries:
                if not entry.name.endswith((".pcm", ".part")):
                    continue
                with contextlib.suppress(FileNotFoundError):  # another process removed it
                    state = entry.stat()
                    if entry.name.endswith(".pcm") or state.st_mtime_ns < stale_ns:
                        yield state.st_mtime_ns, state.st_size, entry.path


def _written(blocks: list[Block]) -> bytes:
    """Serialize blocks; marks are counted from the beginning of the first one."""
    marks: list[tuple[str, float, int | None]] = []
    before = 0.0
    for block in blocks:
        marks += [(mark.word, round(before + mark.seconds, 3), mark.offset) for mark in block.marks]
        before += block.seconds
    words = json.dumps(marks, ensure_ascii=False, separators=(",", ":")).encode()
    parts = [words, *(block.pcm for block in blocks)]
    rest = b"".join([_SIZES.pack(blocks[0].sample_rate, len(words)), *parts])
    return _HEAD.pack(_MAGIC, zlib.crc32(rest)) + rest


def _read(data: bytes) -> list[Block]:
    """Parse a file into blocks. Raises struct.error, ValueError or TypeError for a foreign file."""
    magic, checksum = _HEAD.unpack_from(data)
    if magic != _MAGIC or checksum != zlib.crc32(memoryview(data)[_HEAD.size :]):
        raise ValueError("not as it was written")
    rate, size = _SIZES.unpack_from(data, _HEAD.size)
    start = _HEAD.size + _SIZES.size + size
    words = json.loads(data[start - size : start])
    marks = tuple(Mark(str(word), float(seconds), place) for word, seconds, place in words)
    return [
        Block(data[each : each + BLOCK_BYTES], rate, marks if each == start else ())
        for each in range(start, len(data), BLOCK_BYTES)
    ]
