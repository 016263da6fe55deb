"""The monitor's page as rendered by the server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.support.web_fakes import FakeService, utterance
from ttsmonitor.web.labels import strings

STATIC = Path(str(finders.find("ttsmonitor/monitor.js"))).parent
SCRIPTS = [path for path in STATIC.rglob("*.js") if "vendor" not in path.parts]


def page_of(client: Client, path: str = "/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    content: str = response.content.decode()
    return content


def test_page_is_complete_without_scripts(browser: Client, speech: FakeService) -> None:
    utterance("Hola <i>Moxie</i>", source="puppet_mode", device_id="moxie-1", first_audio_ms=46.0)
    utterance("espera", status="queued")
    utterance("mal", status="failed", error="the process is not running")
    speech.break_check("audio", "no device <USB>")
    page = page_of(browser)
    for words in ("Hola &lt;i&gt;Moxie&lt;/i&gt;", "Puppet Mode", "moxie-1", "46 ms", "espera"):
        assert words in page
    for words in ("the process is not running", "no device &lt;USB&gt;", "ready &lt;b&gt;now"):
        assert words in page
    assert "broker.test:1883" in page
    assert "<i>Moxie" not in page


def test_page_reports_missing_service(browser: Client) -> None:
    page = page_of(browser)
    assert "speech service not running in this process" in page
    assert "state-offline" in page


def test_queries_do_not_grow_with_the_rows(
    browser: Client, speech: FakeService, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    for number in range(60):
        utterance(f"row {number}", status="queued" if number % 2 else "spoken")
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        page_of(browser)


@pytest.mark.parametrize("path", ["/", "/accounts/login/"])
def test_pages_keep_to_a_strict_content_policy(visitor: Client, browser: Client, path: str) -> None:
    page = page_of(browser if path == "/" else Client(), path)
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL):
        assert not body.strip() or "application/json" in attributes
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//(?!testserver[:/])[^"']*""", page)


def test_page_applies_filter_from_the_address(browser: Client, speech: FakeService) -> None:
    utterance("Buenos días", device_id="moxie-1")
    utterance("Buenas noches", device_id="moxie-2", source="chat")
    page = page_of(browser, "/?device_id=moxie-2&q=buenas")
    stream = page.partition('id="stream"')[2].partition("</ol>")[0]
    assert "Buenas noches" in stream and "Buenos días" not in stream
    assert '<option value="moxie-2" selected>' in page and '<option value="moxie-1">' in page
    assert 'name="q" value="buenas"' in page
    assert "No matches" in page_of(browser, "/?q=dragones")
    assert "Buenos días" in page_of(browser, "/?status=shouted"), (
        "what nobody understands hides none"
    )
    assert '<option value="moxie-9" selected>' in page_of(browser, "/?device_id=moxie-9")


def test_first_waiting_utterance_cannot_move_up(browser: Client, speech: FakeService) -> None:
    utterance("one", status="queued", seconds_ago=9)
    utterance("two", status="queued", priority="high")
    queue = page_of(browser).partition('id="queue"')[2].partition("</ol>")[0]
    first, second = queue.split("</li>")[:2]
    assert "two" in first and "urgent" in first
    assert re.search(r'data-move="up"[^>]* disabled', first)
    assert not re.search(r'data-move="up"[^>]* disabled', second)
    assert re.search(r'data-move="down"[^>]* disabled', second)


def test_every_icon_exists() -> None:
    sprite = (STATIC / "vendor/bootstrap-icons/icons.svg").read_text()
    templates = STATIC.parents[1] / "templates"
    used = {
        name
        for template in templates.rglob("*.html")
        for name in re.findall(r'{% icon "([^"]+)"', template.read_text())
    }
    assert len(used) > 10
    assert {name for name in used if f'id="{name}"' not in sprite} == set()


def test_scripts_get_all_their_sentences() -> None:
    scripts = "".join(script.read_text() for script in SCRIPTS)
    said = set(re.findall(r'\bsay\(\s*"([^"]+)"', scripts))
    assert len(said) > 5
    assert said <= set(strings())


def test_first_load_is_small() -> None:
    import gzip

    files = [
        STATIC / "vendor/bootstrap/bootstrap.min.css",
        STATIC / "vendor/bootstrap/bootstrap.bundle.min.js",
        STATIC / "vendor/bootstrap-icons/icons.svg",
        # Those of other pages lie in these folders.
        *(path for path in SCRIPTS if not {"guide", "settings"} & set(path.parts)),
        *STATIC.glob("*.css"),
        *STATIC.glob("*.svg"),
    ]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < 110_000
