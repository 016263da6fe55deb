"""Every dependency is accounted for in docs/dependencies.md."""

from __future__ import annotations

import re

from tests.tools import ROOT

DOCUMENT = (ROOT / "docs" / "dependencies.md").read_text()
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
