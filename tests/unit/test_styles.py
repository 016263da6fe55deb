"""Every CSS class is used by a page."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.tools import ROOT

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


def test_every_css_class_is_used_on_a_page() -> None:
    used = {
        word
        for path in sources(".html", ".js", ".py")
        if path.is_relative_to(ROOT / "site")
        for word in re.findall(r"[\w-]+", path.read_text())
    }
    # admin.css styles Django's own classes too.
    styles = [path for path in sources(".css") if path.name != "admin.css"]
    assert len(styles) > 4
    for path in styles:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        classes = set(re.findall(r"\.([a-zA-Z][\w-]*)(?=[^{}]*\{)", text))
        unknown = {each for each in classes - used if not MADE.fullmatch(each)}
        assert unknown == set(), path.name
