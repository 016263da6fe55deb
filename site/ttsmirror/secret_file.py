"""Secrets that the first run creates, and files that only their owner may read."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path


def kept_secret(path: Path, size_bytes: int) -> str:
    """Return the secret in `path`, created at the first call and readable by its owner only."""
    if not path.exists():
        _make(path, secrets.token_hex(size_bytes))
    return path.read_text().strip()


def own_user() -> int:
    """Return the id of this process' user; 0 for everybody on Windows, as in a file's status."""
    return os.geteuid() if hasattr(os, "geteuid") else 0


def make_private(path: Path) -> None:
    """Create the file if it is missing, and take it away from other users.

    SQLite gives the files beside a database the database's mode. A file of another user keeps its
    mode.
    """
    with contextlib.suppress(OSError):  # whoever opens the file says what is wrong
        path.touch(mode=0o600)
        for each in path.parent.glob(f"{path.name}*"):
            status = each.stat()
            if status.st_uid == own_user() and status.st_mode & 0o077:
                each.chmod(0o600)


def _make(path: Path, value: str) -> None:
    # Write a temporary file and link it into place: if two processes start together, both use the
    # same secret, and neither reads half of it.
    descriptor, aside = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())  # an empty one after a power cut would be kept for good
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(aside)
