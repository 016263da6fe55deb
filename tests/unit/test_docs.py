"""The documentation matches the code: settings, commands, links, both languages."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from inspect import getattr_static
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from hive.conf import HiveSettings
from tests.support.tools import ROOT
from ttsmirror.conf import AppSettings
from ttsmirror.wire.messages import parse_chunk
from ttsmonitor.conf import SpeechSettings

READMES = [ROOT / "README.md", ROOT / "README.es.md"]
SETTINGS = [ROOT / "docs" / "settings.md", ROOT / "docs" / "settings.es.md"]
PAGES = [*READMES, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
ARCHITECTURE = sorted((ROOT / "docs").glob("architecture*.md"))
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
ALL = [
    *PAGES,
    *sorted(ROOT.glob("services/*/README.md")),
    *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md")),
    ROOT / "docs" / "decisions" / "README.md",
    *DECISIONS,
]
ENGLISH_ONLY = {"dependencies.md", "licences.md"}
"""For those who work on the project or pass it on."""
NOT_OURS = {"PULSE_SERVER", "OSTYPE", "LANG", "LC_ALL", "LC_MESSAGES"}
ENVIRONMENT = {
    "MOXIE_WORK_DIR": "site/work",
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "SECRET_KEY": "",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
    "CSRF_TRUSTED_ORIGINS": "",
    "DEBUG": "0",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "text",
    "TZ": "",
    "MOXIE_NO_PIPER": "0",
    "PYTHON3": "",
}
"""Variables read before the settings exist, with their default as documented."""

CODE_BLOCK = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"""(?:\]\(|src(?:set)?=")([^)"\s]+)[)"]""")
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \| (?:`([^`]*)`|–) \| \S", re.MULTILINE)
TABLE_ROW = re.compile(r"^\|", re.MULTILINE)
LIST_ITEM = re.compile(r"^ *(?:-|\d+\.) ", re.MULTILINE)
COMMAND = re.compile(r"manage\.py ([a-z]\w*)([^`\n|]*)")

each_readme = pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
each_page = pytest.mark.parametrize("page", ALL, ids=lambda page: str(page.relative_to(ROOT)))


def shown(value: object) -> str:
    """Return a default as the tables show it."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def defaults() -> dict[str, str]:
    """Return every setting with its default."""
    apps: tuple[AppSettings, ...] = (SpeechSettings(), HiveSettings())
    ours = {name: shown(getattr_static(type(app), name)) for app in apps for name in app.names()}
    return ours | ENVIRONMENT


def prose(page: Path) -> str:
    return CODE_BLOCK.sub("", page.read_text())


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return GitHub's anchors for the headings."""
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings(page)}


def commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Return the management commands named on a page, with their options."""
    for match in COMMAND.finditer(page.read_text()):
        yield match[1], re.findall(r"(?<= )--[a-z-]+", match[2])


def test_environment_variables_in_code_are_known() -> None:
    settings = "".join(path.read_text() for path in (ROOT / "site/openmoxie").glob("*.py"))
    scripts = "".join((ROOT / "script" / name).read_text() for name in ("setup", "lib.sh"))
    read = set(re.findall(r'environ(?:\.get\(|\[)"(\w+)"', settings))
    read |= set(re.findall(r"\$\{([A-Z]\w+):-", scripts))
    assert read - NOT_OURS == set(ENVIRONMENT)


@pytest.mark.parametrize("page", SETTINGS, ids=lambda page: page.name)
def test_tables_list_every_setting_with_default(page: Path) -> None:
    rows = ROW.findall(page.read_text())
    assert len(rows) == len({name for name, _default in rows})
    assert dict(rows) == defaults()


@each_page
def test_commands_and_their_options_exist(page: Path) -> None:
    known = get_commands()
    for name, options in commands(page):
        assert name in known, name
        command = load_command_class(str(known[name]), name)
        parser = command.create_parser("manage.py", name)
        assert set(options) <= set(parser._option_string_actions), f"{name} {options}"


@each_readme
def test_our_commands_for_people_are_named(page: Path) -> None:
    named = {name for name, _options in commands(page)}
    assert {"say", "download_voice", "virtual_moxie", "create_api_token"} <= named


@each_page
def test_scripts_exist(page: Path) -> None:
    for name in re.findall(r"(?<![\w/])script/([\w-]*\w)", page.read_text()):
        assert (ROOT / "script" / name).is_file(), name


@each_page
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if target.startswith(("http://", "https://")):
            continue
        path, _hash, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.is_file(), target
        assert file.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(file), target


def test_every_picture_is_shown() -> None:
    targets = {Path(target).name for page in PAGES for target in LINK.findall(prose(page))}
    pictures = {path.name for path in (ROOT / "docs" / "images").iterdir()}
    assert pictures
    assert pictures <= targets


@each_page
def test_json_examples_are_valid(page: Path) -> None:
    for block in re.findall(r"^```json\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE):
        fields = json.loads(block)
        if "chunk" in fields:
            assert parse_chunk(block.encode()).text == fields["text"]


def english() -> list[Path]:
    return [
        page
        for page in PAGES
        if not page.name.endswith(".es.md") and page.name not in ENGLISH_ONLY | {"CHANGELOG.md"}
    ]


@pytest.mark.parametrize("page", english(), ids=lambda page: page.name)
def test_every_page_has_a_matching_spanish_twin(page: Path) -> None:
    twin = page.with_name(page.name.replace(".md", ".es.md"))
    assert f"]({twin.name})" in page.read_text()
    assert f"]({page.name})" in twin.read_text()
    assert len(headings(page)) == len(headings(twin))
    for pattern in (CODE_BLOCK, TABLE_ROW, LIST_ITEM):
        counts = [len(pattern.findall(each.read_text())) for each in (page, twin)]
        assert counts[0] == counts[1], pattern.pattern
    assert sorted(commands(page)) == sorted(commands(twin))


def test_every_spanish_page_has_an_english_original() -> None:
    pages = {page.name for page in PAGES}
    spanish = {name for name in pages if name.endswith(".es.md")}
    assert len(spanish) == len(english())
    assert {name.replace(".es.md", ".md") for name in spanish} <= pages


CODE_PATH = re.compile(r"`((?:docs|hive|openmoxie|tests|ttsmirror|ttsmonitor)/[\w./-]*)`")
LAYERS = re.compile(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+)", re.MULTILINE)


@pytest.mark.parametrize("page", [*DECISIONS, *ARCHITECTURE], ids=lambda page: page.name)
def test_named_folders_and_modules_exist(page: Path) -> None:
    paths = CODE_PATH.findall(page.read_text())
    assert page in DECISIONS or len(paths) > 40
    missing = [
        path for path in paths if not any((ROOT / at / path).exists() for at in ("site", ""))
    ]
    assert missing == []


@pytest.mark.parametrize("page", ARCHITECTURE, ids=lambda page: page.name)
def test_documented_layers_match_the_import_contracts(page: Path) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = {
        container: re.findall(r"\w+", " ".join(contract["layers"]))
        for contract in contracts["contracts"]
        for container in contract.get("containers", ())
    }
    shown = {name: re.findall(r"\w+", row) for name, row in LAYERS.findall(page.read_text())}
    assert shown.keys() == layers.keys()
    for package, names in shown.items():
        assert names == [each for each in layers[package] if each in names]
        folders = {each.name for each in (ROOT / "site" / package).iterdir() if each.is_dir()}
        assert folders & set(layers[package]) <= set(names)


def test_each_decision_is_listed_and_complete() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    assert re.findall(r"\((0\d+-[\w-]+\.md)\)", index) == [page.name for page in DECISIONS]
    for number, page in enumerate(DECISIONS, 1):
        title, *parts = headings(page)
        assert page.name.startswith(f"{number:04}-")
        assert title.startswith(f"{number}. ")
        assert f"| [{number}]({page.name}) | {title.partition('. ')[2]} |" in index
        assert parts == ["Context", "Decision", "Consequences"]
