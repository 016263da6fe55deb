"""The hive's history page in a real browser, with a real broker."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import open_page
from tests.support.history import history_of
from tests.support.tools import (
    Listener,
    manage,
    run,
    running,
    wait_until,
)
from ttsmirror.wire.messages import CONTROL_TOPIC

pytestmark = pytest.mark.browser
MADE = 120


@pytest.fixture
def env(install: Callable[..., dict[str, str]]) -> dict[str, str]:
    made = install(MOXIE_REQUIRE_LOGIN="0", DEBUG="1")
    run(manage("make_utterances", str(MADE), "--days", "3"), made)
    return made


@pytest.fixture
def page(env: dict[str, str]) -> Iterator[Page]:
    with running(manage("run_hive"), env) as hive:
        hive.wait_for_line("hive ready at")
        with open_page() as opened:
            opened.goto(f"http://localhost:{env['HIVE_PORT']}/history/")
            yield opened


def test_history_is_searched_paged_replayed_and_downloaded(
    page: Page, env: dict[str, str], listen: Callable[..., Listener], tmp_path: Path
) -> None:
    service = listen(CONTROL_TOPIC)
    rows = page.locator(".row-item")
    expect(rows).to_have_count(50)
    expect(page.locator("h1")).to_have_text("Lo que dijo Moxie")
    page.locator("#older").press("Enter")
    expect(rows).to_have_count(100)
    page.locator("#older").press("Enter")
    expect(rows).to_have_count(MADE)
    expect(page.locator("#older")).to_have_count(0)
    days = page.locator(".history-day").evaluate_all("days => days.map((day) => day.dataset.day)")
    moments = rows.locator("time").evaluate_all("times => times.map((time) => time.dateTime)")
    assert days == list(dict.fromkeys(moment[:10] for moment in moments)), "each day once"
    ids = rows.evaluate_all("rows => rows.map((row) => row.dataset.id)")
    assert len(set(ids)) == MADE

    wanted = rows.filter(has=page.locator("[form=again]")).first
    wanted.locator("[form=again]").press("Enter")
    expect(page.locator("#notice")).to_have_text("Se dice otra vez.")
    wait_until(lambda: service.payloads(CONTROL_TOPIC), "the replay")
    asked = json.loads(service.payloads(CONTROL_TOPIC)[0])
    assert (asked["action"], asked["id"]) == ("replay", wanted.get_attribute("data-id"))
    assert UUID(asked["id"])
    expect(rows).to_have_count(MADE)  # and the page keeps its position

    page.fill("#q", "DRAGON")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=DRAGON"))
    found = [text for text, _status, _error in history_of(env) if "dragón" in text]
    expect(rows).to_have_count(min(len(found), 50))
    with page.expect_download() as taken:
        page.get_by_role("link", name="JSON").click()
    taken.value.save_as(tmp_path / "taken.json")
    downloaded = json.loads((tmp_path / "taken.json").read_text())
    assert sorted(row["text"] for row in downloaded) == sorted(found)

    page.select_option("#status", "expired")
    expect(page).to_have_url(re.compile("status=expired"))
    assert page.evaluate("document.querySelectorAll('script:not([src]):not([type])').length") == 0

    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(page.url.partition("?")[0])
    expect(rows).to_have_count(50)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("[form=delete]")).to_have_count(0)  # nobody is logged in
    page.locator("[name=language][value=en]").evaluate("(button) => button.click()")
    expect(page.locator("h1")).to_have_text("What Moxie said")
