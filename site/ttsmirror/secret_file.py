"""Secrets that the first run creates and keeps beside the database."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path


def kept_secret(path: Path, size_bytes: int) -> str:
    """Return the secret in `path`, created at the first call and readable by its owner only."""
    if not path.exists():
        _make(path, secrets.token_hex(size_bytes))
    return path.read_text().strip()


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
