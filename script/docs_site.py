"""A hook of MkDocs that gives the site the pages outside docs/, and leads links to them.

On a forge, README.md and its like lie beside docs/. MkDocs knows one directory only, so all pages
are copied to a temporary one.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BESIDE_DOCS = {
    "README.md": "index.md",
    "README.es.md": "index.es.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "SECURITY.md": "reporting.md",
    "LICENSE": "LICENSE",
    "services/moxie-tts-subscriber/README.md": "audio-host.md",
}
"""The files outside docs/ that are part of the site, and their names there."""
LINK = re.compile(r"""((?:\]\(|\b(?:src|srcset)="))([^)"\s#:]+)(?=[#)"])""")
"""A link or picture in Markdown or HTML to a file of the project, with what is before it."""
OTHER_LANGUAGE = re.compile(r"^\*\[(?:En español|In English)\]\(.*\)\*\n+", re.MULTILINE)
"""The line that leads to the page in the other language; each page of the site has a menu."""

_staged: list[str] = []


def on_config(config: Any) -> Any:
    """Copy the pages, once; MkDocs calls this for each language."""
    if not _staged:
        _staged.append(tempfile.mkdtemp(prefix="moxie-docs-"))
        stage(Path(_staged[0]))
    config["docs_dir"] = _staged[0]
    return config


def on_shutdown() -> None:
    """Delete the copies."""
    while _staged:
        shutil.rmtree(_staged.pop(), ignore_errors=True)


def stage(directory: Path) -> None:
    """Copy all pages to `directory`, with links that fit there."""
    shutil.copytree(ROOT / "docs", directory, dirs_exist_ok=True)
    for source, name in BESIDE_DOCS.items():
        shutil.copy(ROOT / source, directory / name)
    sources = {path: f"docs/{path.relative_to(directory)}" for path in directory.rglob("*.md")}
    sources |= {directory / name: source for source, name in BESIDE_DOCS.items()}
    for path, source in sources.items():
        path.write_text(rewritten(path.read_text(), source))


def rewritten(text: str, source: str) -> str:
    """Return a page with links for the site. `source` is its path in the project."""
    here = PurePosixPath(place(source) or "").parent

    def lead(match: re.Match[str]) -> str:
        target = os.path.normpath(PurePosixPath(source).parent / match[2])
        name = place(target)
        if name is None or not (ROOT / target).is_file():
            return match[0]  # MkDocs complains about it
        return match[1] + os.path.relpath(name, here)

    return LINK.sub(lead, OTHER_LANGUAGE.sub("", text, count=1))


def place(source: str) -> str | None:
    """Return the path in the site of a file of the project; None if it is not part of it."""
    if source.startswith("docs/"):
        return source.removeprefix("docs/")
    return BESIDE_DOCS.get(source)
