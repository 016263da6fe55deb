"""Every dependency is accounted for in docs/dependencies.md."""

from __future__ import annotations

import re
from hashlib import sha256

from tests.support.tools import ROOT

DOCUMENT = (ROOT / "docs" / "dependencies.md").read_text()
MIT = "fe2a9817987f862eaced948f0468c7f51d2fedfc48c5c505b246a49a3870e9a5"
"""The words of its text, one space between them."""
FILES = sorted(ROOT.glob("requirements*.txt"))


def names(text: str) -> list[str]:
    """The packages that a requirements file names."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [re.split(r"[\[<>=~! ;]", line)[0] for line in lines if line]


def explained() -> set[str]:
    """The packages in the first column of the tables of Python packages."""
    tables = DOCUMENT.partition("## System packages")[0].splitlines()
    cells = [line.split("|")[1] for line in tables if line.startswith("| ")]
    return {name.strip() for cell in cells for name in cell.split(",")} - {"package"}


def test_every_requirement_says_why_and_nothing_else_does() -> None:
    required = {name for file in FILES for name in names(file.read_text())}
    assert explained() == required | {"daphne"}  # an extra of channels, and a server of its own


def test_the_licence_is_mit_word_for_word_and_names_what_is_not() -> None:
    text = (ROOT / "LICENSE").read_text()
    # Programs that recognise licences read no further than this line.
    terms, _line, note = text.partition("\nEND OF TERMS AND CONDITIONS\n")
    title, _copyright, mit = terms.split("\n\n", 2)
    assert title == "MIT License"
    assert sha256(" ".join(mit.split()).encode()).hexdigest() == MIT
    for words in ("version 3", "Piper", "eSpeak NG", "a process of their own"):
        assert words in " ".join(note.split())
