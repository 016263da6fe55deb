"""Both languages: complete catalogs, and the choice of language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.test import Client
from django.utils.translation.template import templatize

from tests.support.marked_reasons import codes_of
from tests.support.tools import ROOT
from tests.support.web_fakes import FakeService
from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason, reason_columns

APPS = [ROOT / "site" / app for app in ("ttsmirror", "ttsmonitor", "hive")]
CALLS = {"gettext", "gettext_lazy", "gettext_noop"}
CALL = re.compile(r"""\b(?:gettext|_)\(u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\)""")
PLACEHOLDERS = re.compile(r"%\(\w+\)s|\{\w*\}|%%|%[sd]")
REASON = "reason"
"""The context of reasons and of lines of the activity: see ttsmonitor/web/translations.py."""

each_app = pytest.mark.parametrize("app", APPS, ids=lambda app: app.name)


def catalog(app: Path) -> polib.POFile:
    return polib.pofile(str(app / "locale/es/LC_MESSAGES/django.po"))


def of_python(source: str) -> Iterator[str]:
    """Return the sentences that a module marks for translation."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in CALLS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            argument = node.args[0]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value


def of_template(source: str) -> Iterator[str]:
    """Return the sentences that a template marks for translation, as in makemessages."""
    for call in CALL.finditer(templatize(source)):
        yield ast.literal_eval(call[1])


def marked(app: Path) -> set[tuple[str | None, str]]:
    """The sentences of an app, each after its context."""
    found: set[str] = set()
    for module in app.rglob("*.py"):
        found.update(of_python(module.read_text()))
    for template in app.rglob("templates/**/*.html"):
        found.update(of_template(template.read_text()))
    return {(None, each) for each in found} | {(REASON, each) for each in codes_of(app)}


def key(entry: polib.POEntry) -> tuple[str | None, str]:
    return entry.msgctxt or None, entry.msgid


@each_app
def test_catalog_holds_exactly_the_marked_sentences(app: Path) -> None:
    sentences = marked(app)
    assert len(sentences) > 20
    assert {key(entry) for entry in catalog(app)} == sentences


@each_app
def test_every_sentence_has_a_spanish_translation(app: Path) -> None:
    assert [entry.msgid for entry in catalog(app) if not entry.translated()] == []


@each_app
def test_placeholders_survive_the_translation(app: Path) -> None:
    for entry in catalog(app):
        expected, found = PLACEHOLDERS.findall(entry.msgid), PLACEHOLDERS.findall(entry.msgstr)
        assert sorted(expected) == sorted(found), entry.msgid


@each_app
def test_compiled_catalog_is_in_step(app: Path) -> None:
    compiled = polib.mofile(str(app / "locale/es/LC_MESSAGES/django.mo"))
    assert {key(entry): entry.msgstr for entry in compiled} == {
        key(entry): entry.msgstr for entry in catalog(app)
    }


def test_shared_sentences_are_translated_identically() -> None:
    translations: dict[tuple[str | None, str], set[str]] = {}
    for app in APPS:
        for entry in catalog(app):
            translations.setdefault(key(entry), set()).add(entry.msgstr)
    assert {each for each, texts in translations.items() if len(texts) > 1} == set()


@pytest.mark.parametrize(
    ("accepted", "language", "words"),
    [
        ("es-MX,es;q=0.9", "es", "Lo que dice Moxie"),
        ("en-GB,en;q=0.9", "en", "What Moxie says"),
        ("de-DE,de;q=0.9", "es", "Lo que dice Moxie"),
        ("de-DE,de;q=0.9,en;q=0.5", "en", "What Moxie says"),
        ("", "es", "Lo que dice Moxie"),
    ],
)
def test_browser_language_is_used_with_spanish_fallback(
    browser: Client, accepted: str, language: str, words: str
) -> None:
    page = browser.get("/", headers={"accept-language": accepted}).content.decode()
    assert f'<html lang="{language}"' in page
    assert words in page


def test_chosen_language_overrides_the_browser(browser: Client) -> None:
    response = browser.post("/i18n/setlang/", {"language": "es", "next": "/"})
    assert response["Location"] == "/"
    page = browser.get("/", headers={"accept-language": "en"}).content.decode()
    assert '<html lang="es"' in page


def test_language_can_be_chosen_at_the_login(visitor: Client) -> None:
    form = {"language": "es", "next": "/accounts/login/?next=/"}
    response = visitor.post("/i18n/setlang/", form)
    assert response["Location"] == form["next"]
    assert '<html lang="es"' in visitor.get("/accounts/login/").content.decode()


def test_causes_and_activity_are_translated_with_their_values(
    browser: Client, speech: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "broker.test:1883"
    cause = Reason("nothing listens there")
    speech.break_check(
        "broker", Reason("no broker answers at {address}: {cause}", address=address, cause=cause)
    )
    closed = Reason("it is closed")
    speech.break_check("audio", Reason("no sound device can be used ({cause})", cause=closed))
    missing = Reason("chunk {numbers} of {total} did not arrive", numbers="2", total=3)
    line = {
        "at": "2026-01-02T03:04:05.000Z",
        "level": "info",
        "text": "control: skip d_sala",
        "reason": {"code": "control: %s %s", "args": ["skip", "d_sala"]},
    }
    cut = line | {"reason": {"code": "utterance %s: %s", "args": ["7", missing.as_json()]}}
    monkeypatch.setattr(speech, "activity", lambda: [line, cut])
    Utterance.objects.create(
        text="Hello",
        source="chat",
        status="spoken",
        **reason_columns(missing),
        published_at="2026-01-02T03:04:05Z",
        received_at="2026-01-02T03:04:05Z",
    )
    spanish = {"accept-language": "es"}
    pages = [browser.get(path, headers=spanish) for path in ("/", "/diagnostics/")]
    page = "".join(each.content.decode() for each in pages)
    for words in (
        "ningún broker responde en broker.test:1883: nada escucha ahí",
        "no se puede usar ningún dispositivo de sonido (está cerrado)",
        "control: skip d_sala",
        "frase 7: no llegó el fragmento 2 de 3",
        ">no llegó el fragmento 2 de 3<",
    ):
        assert words in page


def test_history_reasons_and_outcomes_are_translated(browser: Client) -> None:
    Utterance.objects.create(
        text="Hello",
        source="puppet_mode",
        status="skipped",
        error="cleared from the queue",
        published_at="2026-01-02T03:04:05Z",
        received_at="2026-01-02T03:04:05Z",
    )
    page = browser.get("/", headers={"accept-language": "es"}).content.decode()
    assert ">omitida<" in page
    assert "descartada al vaciar la cola" in page
    assert "Modo marioneta" in page
