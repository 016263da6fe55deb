"""What keeps the source readable: files of a size that a reader takes in, styles that are used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tools import ROOT

MOST_LINES = 350
KINDS = {".py", ".js", ".css", ".html"}
FOLDERS = ("bench", "docs", "script", "services", "site", "tests")
NOT_OURS = {"vendor", "work", "__pycache__", "node_modules"}
MADE = re.compile(r"(?:state|chart|step|api|is)-[\w-]+")
"""Classes whose names scripts and templates put together."""


def sources(*kinds: str) -> list[Path]:
    return [
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in kinds and NOT_OURS.isdisjoint(path.relative_to(ROOT).parts)
    ]


def test_no_file_is_longer_than_a_reader_takes_in() -> None:
    found = {path: len(path.read_text().splitlines()) for path in sources(*KINDS)}
    assert len(found) > 400
    assert {path: lines for path, lines in found.items() if lines > MOST_LINES} == {}


def test_every_class_of_our_styles_is_somewhere_on_a_page() -> None:
    used = {
        word
        for path in sources(".html", ".js", ".py")
        if path.is_relative_to(ROOT / "site")
        for word in re.findall(r"[\w-]+", path.read_text())
    }
    styles = [path for path in sources(".css") if path.name != "admin.css"]  # Django's classes too
    assert len(styles) > 4
    for path in styles:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        classes = set(re.findall(r"\.([a-zA-Z][\w-]*)(?=[^{}]*\{)", text))
        unknown = {each for each in classes - used if not MADE.fullmatch(each)}
        assert unknown == set(), path.name


VOICE = ROOT / "site" / "ttsmonitor"
ROW = re.compile(r"^\| (`.+?`) \|", re.MULTILINE)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def parts() -> dict[str, list[Path]]:
    """The modules and packages of the voice's side, each with its files."""
    names = {path.parent if path.stem == "__init__" else path for path in VOICE.rglob("*.py")}
    tops = {VOICE / path.relative_to(VOICE).parts[0] for path in names - {VOICE}}
    found = {path.stem: [path] if path.is_file() else list(path.rglob("*.py")) for path in tops}
    del found["migrations"]
    return found


def listed(page: str) -> list[str]:
    """Its parts as the documentation lists them, each above what it uses."""
    rows = ROW.findall((ROOT / "docs" / page).read_text())
    return re.findall(r"`(\w+)`", " ".join(rows))


def imported(node: ast.AST) -> Iterator[str]:
    """What is imported when a module is: by dotted name, not within functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom):
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif not isinstance(child, FUNCTIONS):
            yield from imported(child)


@pytest.mark.parametrize("page", ["source.md", "source.es.md"])
def test_every_part_of_the_voices_side_is_listed_above_what_it_uses(page: str) -> None:
    names = listed(page)
    assert sorted(names) == sorted(parts())
    for name, files in parts().items():
        used = {each for path in files for each in imported(ast.parse(path.read_text()))}
        assert not [each for each in used if each.startswith("hive")], name
        tops = {each.split(".")[1] for each in used if each.startswith("ttsmonitor.")}
        assert tops <= set(names[names.index(name) :]), name


def test_every_package_of_the_voices_side_says_what_it_is() -> None:
    packages = [VOICE / name / "__init__.py" for name in parts() if (VOICE / name).is_dir()]
    assert len(packages) > 10
    for package in packages:
        assert ast.get_docstring(ast.parse(package.read_text())), package
