"""The pages of the site: links lead to the same files as on a forge, in both languages."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.support.tools import ROOT


class Loader(yaml.SafeLoader):
    """Reads mkdocs.yml, which names Python functions."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
CONFIG = yaml.load((ROOT / "mkdocs.yml").read_text(), Loader)


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_site", ROOT / "script" / "docs_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("source", "link", "led"),
    [
        ("README.md", "[a](docs/api.md#tokens)", "[a](api.md#tokens)"),
        ("README.md", '<img src="docs/images/monitor.png">', '<img src="images/monitor.png">'),
        (
            "docs/plug-in.md",
            "[a](../services/moxie-tts-subscriber/README.md)",
            "[a](audio-host.md)",
        ),
        ("docs/decisions/README.md", "[a](../architecture.md)", "[a](../architecture.md)"),
        ("docs/install.es.md", "[a](../README.es.md#con-docker)", "[a](index.es.md#con-docker)"),
        ("README.md", "[a](docs/no-such-page.md)", "[a](docs/no-such-page.md)"),
        (
            "README.md",
            "[a](https://example.org/docs/api.md)",
            "[a](https://example.org/docs/api.md)",
        ),
    ],
)
def test_links_fit_the_place_of_the_page(
    hook: ModuleType, source: str, link: str, led: str
) -> None:
    assert hook.rewritten(link, source) == led


def test_pages_of_the_site_have_no_line_to_the_other_language(
    hook: ModuleType, tmp_path: Path
) -> None:
    hook.stage(tmp_path)
    pages = {path.name: path.read_text() for path in tmp_path.rglob("*.md")}
    assert {"index.md", "index.es.md", "backup.es.md", "audio-host.md"} <= pages.keys()
    assert [name for name, text in pages.items() if re.search(r"^\*\[(En|In) ", text, re.M)] == []


def nav_pages(entry: Any) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    if isinstance(entry, dict):
        return [page for each in entry.values() for page in nav_pages(each)]
    return [page for each in entry for page in nav_pages(each)]


def test_every_page_is_in_the_navigation_once(hook: ModuleType, tmp_path: Path) -> None:
    hook.stage(tmp_path)
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.md")}
    listed = nav_pages(CONFIG["nav"])
    decisions = {name for name in found if name.startswith("decisions/0")}  # their index has them
    assert sorted(listed) == sorted(
        name for name in found - decisions if not name.endswith(".es.md")
    )


def test_titles_of_the_navigation_are_translated() -> None:
    (i18n,) = (each["i18n"] for each in CONFIG["plugins"] if "i18n" in each)
    (spanish,) = (each for each in i18n["languages"] if each["locale"] == "es")

    def titles(entry: Any) -> set[str]:
        if isinstance(entry, dict):
            return set(entry).union(*map(titles, entry.values()))
        return set().union(*map(titles, entry)) if isinstance(entry, list) else set()

    assert titles(CONFIG["nav"]) == set(spanish["nav_translations"])


def test_site_does_not_overwrite_the_program() -> None:
    assert CONFIG["site_dir"] == "local/docs"
