"""Set the access to the files of a voice.

Our processes make private files. But voices are public, and who installs one in a shared directory
need not be who speaks with it. So a voice is as readable as the directory it is in.
"""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path


def make_directory(path: Path) -> None:
    """Make a directory for voices, as readable as the one it is in."""
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        like_parent(path)


def like_parent(path: Path) -> None:
    """Make a file or directory of ours as readable as the directory it is in."""
    with contextlib.suppress(OSError):  # a file system without modes
        readable = stat.S_IMODE(path.parent.stat().st_mode) & 0o755
        path.chmod(0o700 | readable if path.is_dir() else 0o600 | readable & 0o644)
