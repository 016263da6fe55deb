"""Every sentence on a page is translated, whether from a template, a script or Python.

The pages are rendered in a test language that puts every translation in brackets; text outside
of brackets is untranslated. Pages are found by the URL patterns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from json import dumps
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from hive.labels import strings as hive_strings
from hive.models import ChatModule, Favourite, Robot
from tests.support.pages import (
    DEVICE,
    URLCONFS,
    UTTERANCE_ID,
    Answer,
    pages_of,
)
from tests.support.tools import ROOT
from tests.support.web_fakes import FakeService, utterance
from ttsmonitor.monitor.guide_state import HELLO
from ttsmonitor.service import service
from ttsmonitor.web.labels import strings as tts_strings
from ttsmonitor.web.translations import _codes

SILENT_TAGS = {"script", "style", "code", "kbd", "svg", "title"}
ATTRIBUTES = {"title", "alt", "aria-label", "placeholder", "aria-description"}
# Names, units, and words that are equal in all languages.
ALIKE = {"Moxie", "moxie", "ms", "min", "s", "es", "en", "Español", "English", "null", "API"} | {
    "CSV",
    "JSON",
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "eSpeak",
    "NG",
}
ZONES = available_timezones()
JSON_TYPES = {"boolean", "date", "date-time", "integer", "number", "object", "string", "uuid"}
ADDRESS = re.compile(r"/[a-z/{}_]+")
BRACKETED = re.compile(r"⟦[^⟦⟧]*⟧")
SITE = ROOT / "site"
SCRIPTS = sorted(each for each in SITE.glob("*/static/*/**/*.js") if "vendor" not in each.parts)
ENTRIES = {"hive": hive_strings, "ttsmonitor": tts_strings}
SAID = re.compile(r"""\bsay\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")


class Words(HTMLParser):
    """A parser that collects visible texts and read-aloud attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT_TAGS
        self.found += [value for name, value in attrs if name in ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT_TAGS

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.found.append(data.strip())


def untranslated(html: str, data: set[str]) -> list[str]:
    """Return the texts with a word that is neither translated nor data."""
    words = Words()
    words.feed(html)
    return [text for text in words.found if text not in ZONES and _left(text, data)]


def _left(text: str, data: set[str]) -> bool:
    while BRACKETED.search(text):
        text = BRACKETED.sub(" ", text)  # translations may be nested
    for each in sorted(data, key=len, reverse=True):
        text = text.replace(each, " ")
    text = ADDRESS.sub(" ", text)
    return any(word not in ALIKE for word in re.findall(r"[^\W\d_]+", text))


@pytest.fixture
def bracketed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put each translated sentence in brackets."""
    _codes.cache_clear()
    real = translation._trans  # type: ignore[attr-defined]
    for name in ("gettext", "pgettext", "ngettext", "npgettext"):
        monkeypatch.setattr(real, name, _bracketing(getattr(real, name)))
    # Date and number formats are translations too.
    monkeypatch.setattr("django.utils.formats.get_format", _plain_format)
    yield
    _codes.cache_clear()


def _bracketing(translate: Callable[..., str]) -> Callable[..., str]:
    def marked(*arguments: Any) -> str:
        found = translate(*arguments)
        return f"⟦{found}⟧" if found else found

    return marked


def _plain_format(name: str, *_: Any, **__: Any) -> Any:
    plain = {"DECIMAL_SEPARATOR": ",", "THOUSAND_SEPARATOR": ".", "NUMBER_GROUPING": 3}
    hours = " H:i" if "TIME" in name else ""
    return plain.get(name, hours if name.startswith("TIME") else f"Y-m-d{hours}")


@pytest.fixture
def data(db: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Create sample data of every kind and return its untranslated words."""
    monkeypatch.setattr(service, "current", FakeService)
    Robot.objects.create(device_id=DEVICE, name="Qqq", battery=0.8, approval="approved")
    Favourite.objects.keep("Zzz", "happy", 0.5)
    utterance("Zzz", id=UTTERANCE_ID, device_id=DEVICE, source="puppet_mode", mood="happy")
    utterance("Zzz", status="queued", source="chat", first_audio_ms=40, audio_seconds=2)
    utterance("Zzz", status="failed", error="cleared from the queue")
    modules = ChatModule.objects.values_list("name", flat=True)
    yield {
        "Qqq",
        "Zzz",
        DEVICE,
        "broker.test",
        "espeak",
        "eSpeak NG",
        "ready <b>now</b>",
        "boss",
        *HELLO.values(),
        *modules,
    }


@pytest.mark.parametrize("site", URLCONFS)
def test_everything_on_a_page_is_translated(
    site: str, data: set[str], bracketed: None, settings: Any
) -> None:
    settings.ROOT_URLCONF = URLCONFS[site]
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_superuser("boss", password="a-long-password"))

    def get(path: str) -> Answer:
        answer = client.get(path)
        return Answer(answer.status_code, answer.headers.get("content-type", ""))

    html = {path: client.get(path).content.decode() for path in pages_of(site, get)}
    html["/accounts/login/"] = Client().get("/accounts/login/").content.decode()
    html["/nowhere"] = client.get("/nowhere").content.decode()
    assert all("⟦" in page for page in html.values())
    schemas = client.get("/api/openapi.json").json()["components"]["schemas"]
    names = data | JSON_TYPES | {"openapi.json", *schemas}
    left = {
        path: untranslated(page, names if path == "/api/" else data) for path, page in html.items()
    }
    left = {path: sorted(set(words)) for path, words in left.items() if words}
    assert not left, dumps(left, indent=1, ensure_ascii=False)


def test_untranslated_text_is_detected() -> None:
    html = '<p>⟦Hola⟧ 3 ms</p><p title="Hello">⟦⟦a⟧ b⟧</p><script>let it</script>'
    assert untranslated(html, set()) == ["Hello"]
    assert untranslated("<b>Zzz is away</b>", {"Zzz"}) == ["Zzz is away"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_sentences_are_handed_over_translated(script: Path) -> None:
    known = ENTRIES[script.relative_to(SITE).parts[0]]()
    said = {double or single for double, single in SAID.findall(script.read_text())}
    assert said - known.keys() == set()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_contain_no_hard_coded_sentences(script: Path) -> None:
    source = re.sub(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", "", script.read_text(), flags=re.DOTALL)
    source = SAID.sub("", source)
    known = ENTRIES[script.relative_to(SITE).parts[0]]()
    literals = [one or two for one, two in re.findall(r'"([^"\n]*)"|`([^`]*)`', source)]
    sentences = {text for text in literals if re.match(r"[A-Z][a-z]+(?: [a-z]+)+\b", text)}
    assert sentences - known.keys() == set()
