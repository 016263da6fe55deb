"""Secrets that the first run makes and keeps beside the database, never in the repository."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def secret_key(path: Path) -> str:
    """The key in `path`; made there first where there is none, readable by its owner only."""
    try:
        # Written aside and linked into place: of two processes that start together one wins,
        # and neither ever reads half a key.
        if not path.exists():
            aside = path.with_name(f"{path.name}.{os.getpid()}")
            descriptor = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(50))
            try:
                os.link(aside, path)
            finally:
                aside.unlink()
    except FileExistsError:
        pass
    return path.read_text().strip()
