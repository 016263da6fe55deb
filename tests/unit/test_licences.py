"""Packages of locks/ have a licence that goes with MIT, or docs/licences.md names them."""

from __future__ import annotations

import re
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata

import pytest

from tests.support.tools import ROOT
from tests.unit.test_dependencies import LOCKS, locked

PAGE = (ROOT / "docs" / "licences.md").read_text()
PERMISSIVE = re.compile(r"\b(?:0?BSD|Apache|CC0|ISC|MIT|PSF|TCL|Zlib|ZPL)\b", re.IGNORECASE)
EXPLAINED = {
    "axe-playwright-python": "",
    "certifi": "MPL-2.0",
    "codespell": "GPL-2.0-only",
    "espeakng-loader": "",
    "hypothesis": "MPL-2.0",
    "mergedeep": "UNKNOWN",
    "num2words": "LGPL",
    "pathspec": "Mozilla Public License 2.0 (MPL 2.0)",
    "piper-tts": "GPL-3.0-or-later",
    "psycopg": "LGPL-3.0-only",
    "psycopg-binary": "LGPL-3.0-only",
    "tqdm": "MPL-2.0 AND MIT",
    "zeroconf": "LGPL-2.1-or-later",
}
"""Packages with another licence, or with none in their metadata, and what that says."""


def licence_of(package: PackageMetadata) -> str:
    """Return what the metadata says, the clearest field first."""
    classifiers = [
        each.rpartition(" :: ")[2]
        for each in package.get_all("Classifier") or ()
        if each.startswith("License ::")
    ]
    stated = _first(package, "License").strip()
    title = stated if len(stated) < 80 else ""  # some put the whole text there
    return _first(package, "License-Expression") or title or " OR ".join(classifiers)


def _first(package: PackageMetadata, field: str) -> str:
    return next(iter(package.get_all(field) or ()), "")


def is_permissive(licence: str) -> bool:
    """Return True if one of the choices has permissive terms only."""
    choices = re.split(r"\s+OR\s+", licence)
    return any(
        all(PERMISSIVE.search(term) for term in re.split(r"\s+AND\s+", choice))
        for choice in choices
    )


def installed() -> dict[str, str]:
    """Return the licence of each installed package of locks/."""
    names = {pin.name for file in LOCKS.iterdir() for pin in locked(file)}
    found = {}
    for name in sorted(names):
        try:
            found[name] = licence_of(metadata(name))
        except PackageNotFoundError:
            continue  # of another system or Python, or an optional one
    return found


def test_other_licences_are_known_and_explained() -> None:
    packages = installed()
    assert len(packages) > 50
    others = {name: each for name, each in packages.items() if not is_permissive(each)}
    assert others == {name: each for name, each in EXPLAINED.items() if name in packages}


@pytest.mark.parametrize("name", EXPLAINED)
def test_licences_page_names_other_licences(name: str) -> None:
    assert re.search(rf"\b{name.removesuffix('-binary')}\b", PAGE)


@pytest.mark.parametrize(
    ("licence", "is_fine"),
    [
        ("MIT", True),
        ("EPL-2.0 OR BSD-3-Clause", True),
        ("MPL-2.0 AND MIT", False),
        ("GPL-3.0-or-later", False),
        ("AGPL-3.0", False),
        ("Proprietary", False),
        ("Limited use", False),
        ("", False),
    ],
)
def test_copyleft_and_missing_licences_are_not_permissive(licence: str, is_fine: bool) -> None:
    assert is_permissive(licence) is is_fine
