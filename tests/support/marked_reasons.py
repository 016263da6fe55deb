"""Find the templates that the code marks for translation: reasons, and lines of the activity."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

LEVELS = {"info", "warning", "error", "exception", "critical"}
OTHER_PROCESSES = {
    "ttsmirror/apps.py",
    "ttsmirror/instrumentation/openmoxie.py",
    "ttsmirror/plugged_in/database.py",
    "ttsmonitor/history/index/__init__.py",
    "ttsmonitor/synthesis/piper/download.py",
}
"""Modules whose lines never reach the monitor: its service does not run there."""
_VALUES = re.compile(r"\{\w+\}|%[sd]")


def reasons_of(app: Path) -> set[str]:
    """Return the templates of the reasons that an app makes."""
    return {text for path in _modules(app) for text in _calls(path, _is_reason)}


def lines_of(app: Path) -> set[str]:
    """Return the templates of the lines that the monitor may show as activity."""
    if app.name == "hive":
        return set()
    return {
        text
        for path in _modules(app)
        if str(path.relative_to(app.parent)) not in OTHER_PROCESSES
        for text in _calls(path, _is_line)
    }


def codes_of(app: Path) -> set[str]:
    """Return all templates of an app that have words to translate."""
    return {
        text
        for text in reasons_of(app) | lines_of(app)
        if re.search(r"[^\W\d]", _VALUES.sub("", text))
    }


def _modules(app: Path) -> Iterator[Path]:
    return (path for path in app.rglob("*.py") if "migrations" not in path.parts)


def _calls(path: Path, is_marking: object) -> Iterator[str]:
    """Yield the first argument of the calls that `is_marking`, if it is a literal."""
    tree = ast.parse(path.read_text())
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and is_marking(node.func):  # type: ignore[operator]
            first = node.args[0]
            if isinstance(first, ast.Name):
                first = constants.get(first.id, first)
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def _is_reason(call: ast.expr) -> bool:
    return isinstance(call, ast.Name) and call.id == "Reason"


def _is_line(call: ast.expr) -> bool:
    return (
        isinstance(call, ast.Attribute)
        and call.attr in LEVELS
        and isinstance(call.value, ast.Name)
        and call.value.id == "logger"
    )
