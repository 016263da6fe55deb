"""The diagnostics and the API page in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Broker, installation, start_mosquitto
from tests.support.chromium import open_browser, visit
from tests.support.tools import Listener, get_json, manage, run, running, wait_until

pytestmark = pytest.mark.browser
MADE = 400
NEW = "Acabo de llegar"
"""No made-up sentence has these words."""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = start_mosquitto(tmp_path_factory.mktemp("broker"))
    yield broker
    broker.process.close()


@pytest.fixture(scope="module")
def monitor(
    broker: Broker, new_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Run a monitor with two days of history and no login. Yield its address."""
    env = installation(
        broker,
        tmp_path_factory.mktemp("monitor"),
        new_database,
        MOXIE_REQUIRE_LOGIN="0",
        DEBUG="1",
        TTS_AUDIO="null",
        TTS_ENGINE="espeak",
    )
    run(manage("make_utterances", str(MADE), "--days", "2"), env)
    with running(manage("run_tts_subscriber"), env) as process:
        process.wait_for_line("monitor ready at")
        process.wait_for_line("speech service ready")
        yield f"http://localhost:{env['HTTP_PORT']}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visit(browser) as opened:
        opened.clock.install()
        yield opened


def in_table(page: Page, chart: str) -> int:
    """Return the sum of all numbers in a chart's table."""
    cells = page.locator(f"[data-chart={chart}] tbody td").all_text_contents()
    return sum(int(re.sub(r"\D", "", cell) or 0) for cell in cells)


def test_charts_show_history_and_new_sentences(monitor: str, page: Page, broker: Broker) -> None:
    page.goto(f"{monitor}/diagnostics/")
    page.locator("#charts").scroll_into_view_if_needed()
    expect(page.locator("[data-chart=count] .chart-bar").first).to_be_visible()
    expect(page.locator("[data-chart=count] .chart-legend")).to_contain_text("dicha")
    expect(page.locator("[data-chart=first] path").first).to_be_visible()
    expect(page.locator("[data-chart=first] .chart-legend")).to_contain_text("mediana")
    expect(page.locator("[data-broker=clients]")).to_have_text(re.compile(r"^\d+$"))
    expect(page.locator("#broker-version")).to_contain_text("mosquitto")

    page.get_by_text("30 días").click()
    days = page.locator("[data-chart=count] tbody th")
    # The hourly table may have the same sum, but more rows.
    wait_until(lambda: 2 <= days.count() <= 3, "a table of days")
    wait_until(lambda: in_table(page, "count") == MADE, "all of them")
    page.get_by_text("por origen", exact=True).click()
    expect(page.locator("[data-chart=count] .chart-legend")).to_contain_text("Modo marioneta")
    wait_until(lambda: in_table(page, "count") == MADE, "all of them")
    page.locator("[data-chart=count] summary").press("Enter")
    expect(days.first).to_be_visible()

    with closing(Listener(broker.port)) as sender:
        sender.publish("moxie/tts/text", NEW)
    spoken = re.compile(rf"dicha [0-9a-f]{{8}} \(\d(,\d)? s\): {NEW}")
    expect(page.locator("#log")).to_contain_text(spoken, timeout=20_000)

    def is_drawn_again() -> bool:
        page.clock.run_for(30_000)
        return in_table(page, "count") == MADE + 1

    wait_until(is_drawn_again, "the new sentence in the chart")


def test_lost_broker_is_reported_in_the_visitors_language(
    monitor: str, page: Page, broker: Broker, request: pytest.FixtureRequest
) -> None:
    page.goto(f"{monitor}/diagnostics/")
    lamp = page.locator("[data-check=broker]")
    expect(lamp).to_have_class("lamp is-ok")
    broker.process.close()
    request.addfinalizer(broker.start)
    cause = f"ningún broker responde en 127.0.0.1:{broker.port}"
    tried = f"{cause}: nada escucha ahí; se sigue intentando"
    expect(page.locator("#log")).to_contain_text(tried, timeout=20_000)

    def is_told() -> bool:
        page.clock.run_for(2_000)
        return cause in lamp.inner_text() and "desde" in lamp.inner_text()

    wait_until(is_told, "the cause")
    expect(lamp).to_have_class("lamp is-broken")


def test_api_page_links_to_its_openapi_document(monitor: str, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{monitor}/")
    page.get_by_role("link", name="API", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Moxie: el monitor en vivo")
    page.get_by_role("link", name="/api/say").click()
    expect(page.locator("#say")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    with page.expect_navigation():
        page.get_by_role("link", name="openapi.json").click()
    assert get_json(f"{monitor}/api/openapi.json")["openapi"] == "3.1.0"
