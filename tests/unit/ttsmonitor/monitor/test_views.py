"""The monitor's page as rendered by the server."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.support.web_fakes import FakeService, utterance
from ttsmonitor.web.labels import SOURCES, strings


def shown_notice(page: str) -> str:
    """Return the code of the status line's visible notice."""
    (shown,) = re.findall(r'data-notice="(\w*)">', page)
    return str(shown)


STATIC = Path(str(finders.find("ttsmonitor/monitor.js"))).parent
SCRIPTS = [path for path in STATIC.rglob("*.js") if "vendor" not in path.parts]


def page_of(client: Client, path: str = "/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    content: str = response.content.decode()
    return content


def test_monitor_is_complete_without_scripts(browser: Client, speech: FakeService) -> None:
    utterance("Hola <i>Moxie</i>", source="puppet_mode", device_id="moxie-1")
    utterance("espera", status="queued")
    utterance("mal", status="failed", error="the process is not running")
    page = page_of(browser)
    for words in ("Hola &lt;i&gt;Moxie&lt;/i&gt;", "Puppet Mode", "moxie-1", "espera"):
        assert words in page
    assert "the process is not running" in page
    assert "<i>Moxie" not in page


def test_diagnostics_are_complete_without_scripts(browser: Client, speech: FakeService) -> None:
    utterance("Hola", first_audio_ms=46.0)
    speech.break_check("audio", "no device <USB>")
    page = page_of(browser, "/diagnostics/")
    for words in ("46 ms", "broker.test:1883", "no device &lt;USB&gt;", "ready &lt;b&gt;now"):
        assert words in page


def test_pages_report_missing_service(browser: Client) -> None:
    assert "state-offline" in page_of(browser)
    page = page_of(browser, "/diagnostics/")
    assert "speech service not running in this process" in page
    assert shown_notice(page) == "speech"


def test_transcript_has_a_heading_for_each_day(browser: Client, speech: FakeService) -> None:
    browser.cookies["moxie_timezone"] = "Pacific/Kiritimati"  # 14 hours ahead
    for day, hour in ((9, 9), (9, 11), (10, 9)):
        utterance(f"{day} {hour}", received_at=datetime(2026, 3, day, hour, tzinfo=UTC))
    days = re.findall(r'data-day="([^"]+)"><h3>([^<]+)', page_of(browser))
    assert days == [
        ("2026-03-10", "Tuesday, Mar 10, 2026"),
        ("2026-03-09", "Monday, Mar 9, 2026"),
    ]


def test_queue_count_agrees_with_the_rows(browser: Client, speech: FakeService) -> None:
    for number in range(3):
        utterance(f"row {number}", status="queued")
    page = page_of(browser)
    assert re.findall(r"data-queue-count>(\d+)<", page) == ["3", "3"]
    assert page.count("is-waiting") == 3 + 1  # and the template
    assert 'id="queue-more" hidden' in page


def test_unfinished_sentences_are_not_in_the_transcript(
    browser: Client, speech: FakeService
) -> None:
    utterance("waits", status="queued")
    utterance("sounds", status="playing")
    utterance("was said")
    stream = page_of(browser).partition('id="stream"')[2].partition('id="older"')[0]
    assert "was said" in stream
    assert "waits" not in stream and "sounds" not in stream


@pytest.mark.parametrize("has_sentence", [False, True])
def test_buttons_without_an_effect_are_disabled(
    browser: Client, speech: FakeService, has_sentence: bool
) -> None:
    if has_sentence:
        utterance("waits", status="queued")
    page = page_of(browser)
    disabled = set(re.findall(r'data-control="(\w+)"[^>]* aria-disabled="true"', page))
    assert disabled == ({"skip"} if has_sentence else {"skip", "interrupt", "clear"})
    assert "There is nothing to skip." in page


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
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < 120_000


def test_scripts_name_every_source_as_the_server_does() -> None:
    (table,) = re.findall(r"const SOURCES = \{(.*)\}", (STATIC / "format.js").read_text())
    assert dict(re.findall(r'(\w+): "([^"]+)"', table)) == SOURCES
