"""The files of an installation that a backup takes, and where it puts them."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from ttsmonitor.backup.archive import VOICES, WORK
from ttsmonitor.conf import conf
from ttsmonitor.system.private_files import OWN_FILES

LEFT_OUT = (
    "*.sqlite3*",  # copied as databases
    "*.lock",
    "*.seen",
    "publisher_clocks.json",
    "broker/mosquitto.db*",
    "sounds/*",
    "wav/*",
    "web/lock",
    "backups/*",
)
"""Private files that belong to the running processes, or that can be made again."""


def to_back_up(*, voices: bool) -> Iterator[tuple[str, Path]]:
    """Yield the name in the archive and the path of each file."""
    work = conf.work_dir
    found = {path for pattern in OWN_FILES for path in work.glob(pattern)}
    for path in sorted(found):
        name = path.relative_to(work).as_posix()
        if path.is_file() and not any(fnmatch(name, pattern) for pattern in LEFT_OUT):
            yield f"{WORK}/{name}", path
    if voices:
        for path in sorted(conf.path("TTS_VOICE_DIR").glob("[!.]*")):
            if path.is_file():
                yield f"{VOICES}/{path.name}", path


def place(name: str) -> Path:
    """Return the path of a file in this installation by its name in the archive."""
    folder, _slash, path = name.partition("/")
    return {WORK: conf.work_dir, VOICES: conf.path("TTS_VOICE_DIR")}[folder] / path
