"""Files that only their owner may read: what is said at home is private, and so are keys.

Our processes start with UMASK. tighten() changes what earlier versions left behind.
"""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from fnmatch import fnmatch
from pathlib import Path

from django.db import connections

from ttsmirror.secret_file import own_user
from ttsmonitor.conf import conf

logger = logging.getLogger(__name__)

UMASK = 0o077
FILE_MODE, DIRECTORY_MODE = 0o600, 0o700
WAV_FILES = "[0-9]*-[0-9]*-*-*-*-*-*.wav"
"""Time and id of an utterance; see ttsmonitor/audio/wav.py."""
OWN_FILES = (
    "moxie.sqlite3*",  # with -wal, -shm, and copies that people make
    "outbox.sqlite3*",
    "secret_key*",
    "installation_id*",
    "home_network*",
    "publisher_clocks.json",
    "*.id",
    "*.lock",
    "*.seen",
    "broker/**/*",
    "sounds/*.pcm",
    "web/*",
    f"wav/{WAV_FILES}",
    "backups/*",
)
"""Private files that our processes write in the work directory."""
OWN_DIRECTORIES = ("backups", "broker", "sounds", "static", "voices", "wav", "web")
_IGNORED = (".DS_Store", "lost+found")
_SQLITE_SUFFIXES = ("", "-wal", "-shm", "-journal")


def tighten_installation() -> None:
    """Take all files of this installation away from other users.

    A directory outside the work directory that a setting names keeps its mode.
    """
    tighten(conf.work_dir)
    for connection in connections.all():
        if connection.vendor == "sqlite" and not connection.is_in_memory_db():  # type: ignore[attr-defined]
            tighten_database(Path(connection.settings_dict["NAME"]))
    for path in conf.path("TTS_WAV_DIR").glob(WAV_FILES):
        _chmod(path, FILE_MODE)


def tighten(directory: Path) -> None:
    """Take the work directory and everything in it away from other users.

    If the directory also holds what is not ours, as a home directory does, only our own files are
    changed. Links, and files of other users, stay as they are.
    """
    if _is_ours_alone(directory):
        _chmod(directory, DIRECTORY_MODE)
        for folder, folders, files in os.walk(directory):
            for name in folders:
                _chmod(Path(folder, name), DIRECTORY_MODE)
            for name in files:
                _chmod(Path(folder, name), FILE_MODE)
        return
    logger.info(
        "%s is not Moxie's alone, so only Moxie's own files in it are made private", directory
    )
    for pattern in OWN_FILES:
        for path in directory.glob(pattern):
            if not path.is_dir():
                _chmod(path, FILE_MODE)


def tighten_database(path: Path) -> None:
    """Take an SQLite database and its logs away from other users, but not its directory."""
    for suffix in _SQLITE_SUFFIXES:
        _chmod(path.with_name(path.name + suffix), FILE_MODE)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read; never half of it. Raises OSError."""
    descriptor, aside = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(aside, path)
    except OSError:
        os.unlink(aside)
        raise


def _is_ours_alone(directory: Path) -> bool:
    """Return False for a home directory, one for everybody such as /tmp, and one with more."""
    try:
        is_for_everybody = directory.stat().st_mode & stat.S_ISVTX
        names = os.listdir(directory)
    except OSError:
        return False
    own = (*OWN_FILES, *OWN_DIRECTORIES, *_IGNORED)
    is_home = directory.resolve() in (Path.home().resolve(), Path("/"))
    has_more = any(not any(fnmatch(name, each) for each in own) for name in names)
    return not (is_for_everybody or is_home or has_more)


def _chmod(path: Path, mode: int) -> None:
    """Set the mode of a file or directory of ours."""
    try:
        status = path.lstat()
        is_ours = status.st_uid == own_user() and not stat.S_ISLNK(status.st_mode)
        if is_ours and stat.S_IMODE(status.st_mode) & ~mode:
            os.chmod(path, mode)
    except FileNotFoundError:
        pass  # another process has removed it
    except OSError as exc:
        logger.warning("others may read %s: its mode cannot be changed: %s", path, exc.strerror)
