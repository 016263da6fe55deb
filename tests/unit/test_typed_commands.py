"""Every documented command can be run as written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.core.management import get_commands

from tests.support.tools import ROOT

SITE = ROOT / "site"
COMMAND = re.compile(r"(?<!site/)manage\.py\s+[a-z<{]")
"""OpenMoxie's own lies in site/."""
PIP = re.compile(r"(?<!-m )\bpip install")
"""A program of the virtual environment only, so it is run as a module of its Python."""
DOCUMENTED = re.compile(
    r"(?:\.venv/bin/python |\.venv\\Scripts\\python\.exe "
    r"|docker compose (?:exec|run --rm) (?:web|tts) python |docker exec -i moxie-tts python )$"
)
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("services/*/README.md")]
PROGRAMS = [
    *ROOT.glob("docker/**/*"),
    *ROOT.glob("docker-compose.yml"),
    *ROOT.glob("script/*"),
    *ROOT.glob("services/*/*"),
]
"""Files whose comments and output have commands for people."""
PRINTED = re.compile(r"^\s*#|\b(?:say|die|echo|left_out|print)\b")


def strings(source: str) -> Iterator[str]:
    """Yield the string constants of a module, whole and as pieces, without its docstrings."""
    tree = ast.parse(source)
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            pieces = (each.value if isinstance(each, ast.Constant) else "{" for each in node.values)
            yield "".join(str(piece) for piece in pieces)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in docstrings:
                yield node.value


def shown_by_the_site() -> Iterator[tuple[str, str]]:
    """Yield every text that the site can show, with its file."""
    for path in SITE.rglob("*"):
        name = str(path.relative_to(SITE))
        if "/vendor/" in name or "/migrations/" in name or name.startswith("work/"):
            continue
        if path.suffix == ".py":
            yield from ((name, text) for text in strings(path.read_text()))
        elif path.suffix in (".html", ".js", ".css", ".svg", ".txt"):
            yield name, path.read_text()
        elif path.suffix == ".po":
            for entry in polib.pofile(str(path)):
                yield from ((name, text) for text in (entry.msgid, entry.msgstr))


def is_written_out(text: str) -> bool:
    return bool(COMMAND.search(text) or PIP.search(text))


def wrong_in_text(text: str) -> list[str]:
    """Return the commands in a text that do not begin as documented."""
    return [
        text[max(0, match.start() - 40) : match.end() + 20]
        for match in COMMAND.finditer(text)
        if not DOCUMENTED.search(text[: match.start()])
    ]


def test_messages_and_pages_get_commands_from_the_helper() -> None:
    shown = list(shown_by_the_site())
    assert len(shown) > 5_000
    assert [(name, text) for name, text in shown if is_written_out(text)] == []


@pytest.mark.parametrize(
    "source",
    [
        'message = "Run: python manage.py migrate"',
        'message = f"Lost? manage.py changepassword {user}"',
        'message = f"Run: manage.py {command}"',
        'message = ("Run: " "manage.py say")',
        'message = "Install it: pip install -r requirements.txt"',
    ],
)
def test_command_written_out_in_a_message_is_found(source: str) -> None:
    assert any(is_written_out(text) for text in strings(source))


def test_commands_given_to_the_helper_exist() -> None:
    given: list[str] = []
    for path in SITE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "manage_command"
                and not isinstance(node.args[0], ast.Name)
            ):
                given += next(strings(f"given = {ast.unparse(node.args[0])}")).split()[:1]
    for path in SITE.rglob("*.html"):
        given += re.findall(r"{% manage '(\w+)", path.read_text())
    assert len(given) > 10
    assert set(given) <= get_commands().keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_documented_commands_name_their_python(page: Path) -> None:
    assert wrong_in_text(page.read_text()) == []


def test_scripts_and_images_print_complete_commands() -> None:
    for path in PROGRAMS:
        if not path.is_file() or path.suffix == ".pyc" or path.name == "README.md":
            continue
        for line in path.read_text().splitlines():
            if PRINTED.search(line):
                assert wrong_in_text(line) == [], path


@pytest.mark.parametrize(
    "text", ["`manage.py say`", "python manage.py say", "docker exec moxie-tts manage.py say"]
)
def test_incomplete_command_in_a_text_is_found(text: str) -> None:
    assert wrong_in_text(text)
