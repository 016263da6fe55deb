"""Dependencies are explained in docs/dependencies.md and locked in locks/; the licence is MIT."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.tools import ROOT

DOCUMENT = (ROOT / "docs" / "dependencies.md").read_text()
MIT = "fe2a9817987f862eaced948f0468c7f51d2fedfc48c5c505b246a49a3870e9a5"
"""The words of its text, one space between them."""
FILES = sorted(ROOT.glob("requirements*.txt"))
LOCKS = ROOT / "locks"

each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


def names(text: str) -> list[str]:
    """Return the packages in a requirements file."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [re.split(r"[\[<>=~! ;]", line)[0] for line in lines if line]


def explained() -> set[str]:
    """Return the packages explained in the tables of docs/dependencies.md."""
    tables = DOCUMENT.partition("## System packages")[0].splitlines()
    cells = [line.split("|")[1] for line in tables if line.startswith("| ")]
    return {name.strip() for cell in cells for name in cell.split(",")} - {"package"}


def test_every_requirement_is_explained_and_no_other() -> None:
    required = {name for file in FILES for name in names(file.read_text())}
    assert explained() == required | {"daphne"}  # an extra of channels that is a package itself


def requirements(file: Path) -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def locked(file: Path) -> list[Requirement]:
    """Return the pinned packages of a lock, with their markers."""
    text = re.sub(r"\\\n\s+--hash=\S+", "", file.read_text())
    return [Requirement(line) for line in re.findall(r"^[a-z][^#\n]*", text, re.MULTILINE)]


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@each_file
def test_lock_file_fulfils_the_requirements(file: Path) -> None:
    pins = locked(LOCKS / file.name)
    for wanted in requirements(file):
        found = [pin for pin in pins if pin.name == normalized(wanted.name)]
        assert found, f"{wanted} is not locked: script/update-dependencies --keep"
        for pin in found:
            (version,) = [each.version for each in pin.specifier]
            assert wanted.specifier.contains(version), f"{pin}: script/update-dependencies --keep"


@each_file
def test_lock_has_hashes_and_names_no_host(file: Path) -> None:
    text = (LOCKS / file.name).read_text()
    assert "//" not in text
    blocks = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)


def test_locks_agree_on_versions_and_belong_to_a_file() -> None:
    assert {path.name for path in LOCKS.iterdir()} == {file.name for file in FILES}
    versions: dict[tuple[str, str], set[str]] = {}
    for file in FILES:
        for pin in locked(LOCKS / file.name):
            versions.setdefault((pin.name, str(pin.marker)), set()).add(str(pin.specifier))
    assert [name for name, found in versions.items() if len(found) > 1] == []


@pytest.mark.parametrize("file", sorted(ROOT.glob("docker/**/Dockerfile")), ids=str)
def test_images_install_with_hashes_only(file: Path) -> None:
    commands = file.read_text().replace("\\\n", " ").split("&&")
    installing = [each for each in commands if "pip install" in each]
    assert all("--require-hashes" in each and "-r /tmp/locks/" in each for each in installing)
    assert bool(installing) is (file.parent.name == "docker")


def test_licence_is_verbatim_mit_and_names_gpl_parts() -> None:
    text = (ROOT / "LICENSE").read_text()
    # Licence detectors stop reading at this line.
    terms, _line, note = text.partition("\nEND OF TERMS AND CONDITIONS\n")
    title, _copyright, mit = terms.split("\n\n", 2)
    assert title == "MIT License"
    assert sha256(" ".join(mit.split()).encode()).hexdigest() == MIT
    for words in ("version 3", "Piper", "eSpeak NG", "a process of their own"):
        assert words in " ".join(note.split())
