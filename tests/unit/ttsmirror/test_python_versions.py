"""The package runs on Python 3.10, which an OpenMoxie may have.

tests/integration/test_plugin.py loads it there, on machines that have a Python 3.10.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tools import ROOT

SINCE_3_11 = {
    "asyncio": {"Barrier", "Runner", "TaskGroup", "timeout", "timeout_at"},
    "contextlib": {"chdir"},
    "datetime": {"UTC"},
    "enum": {"EnumCheck", "FlagBoundary", "ReprEnum", "StrEnum", "member", "nonmember", "verify"},
    "hashlib": {"file_digest"},
    "itertools": {"batched"},
    "tomllib": {"load", "loads"},
    "typing": {
        "LiteralString",
        "Never",
        "NotRequired",
        "Required",
        "Self",
        "TypeAliasType",
        "TypeVarTuple",
        "Unpack",
        "assert_never",
        "assert_type",
        "dataclass_transform",
        "override",
        "reveal_type",
    },
    "warnings": {"deprecated"},
}
MODULES = {"tomllib"}
BUILTINS = {"BaseExceptionGroup", "ExceptionGroup", "PythonFinalizationError"}


def newer_names(source: str) -> Iterator[str]:
    """Yield names of the standard library that a module uses and Python 3.10 lacks."""
    tree = ast.parse(source)
    unused = {
        each
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for each in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if node in unused:
            continue
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            newer = SINCE_3_11.get(node.module or "", set())
            yield from (f"{node.module}.{each.name}" for each in node.names if each.name in newer)
        elif isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            if node.attr in SINCE_3_11.get(owner, set()):
                yield f"{owner}.{node.attr}"
        elif isinstance(node, ast.Name) and node.id in BUILTINS:
            yield node.id


@pytest.mark.parametrize(
    "path", sorted((ROOT / "site/ttsmirror").rglob("*.py")), ids=lambda path: path.stem
)
def test_no_name_is_newer_than_python_3_10(path: Path) -> None:
    assert list(newer_names(path.read_text())) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from datetime import UTC", ["datetime.UTC"]),
        ("import datetime\nnow = datetime.UTC", ["datetime.UTC"]),
        ("import tomllib", ["tomllib"]),
        ("raise ExceptionGroup('', [])", ["ExceptionGroup"]),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from typing import Self", []),
    ],
)
def test_newer_names_are_found_outside_type_checking(source: str, found: list[str]) -> None:
    assert list(newer_names(source)) == found
