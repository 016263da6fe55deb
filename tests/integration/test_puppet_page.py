"""Puppet Mode in a real browser, with a real broker; the test plays the speech service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from django.utils import translation
from django.utils.formats import date_format
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.conftest import Broker
from tests.support.chromium import open_page
from tests.support.tools import (
    Listener,
    Process,
    manage,
    run,
    wait_until,
)
from ttsmirror.wire.messages import STATUS_TOPIC

pytestmark = pytest.mark.browser

DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
LENGTHS = (5, 400, 12, 30, 250, 60, 8, 150, 90, 20)
SIZES = (ViewportSize(width=1280, height=900), ViewportSize(width=360, height=740))
# Each element outside of the two lists with its place, and each row of the lists with its size, in
# every frame that is drawn.
WATCH_PLACES = """() => {
    const isRow = (each) => each.closest("#lines, #recent");
    const skipped = ".visually-hidden, #lines, #recent, #recent-empty, #lines-empty";
    const find = () => [...document.querySelectorAll("main *, header *")].filter((each) =>
        each.checkVisibility({visibilityProperty: true}) && !each.matches(skipped));
    const of = (each) => {
        const {x, y, width, height} = each.getBoundingClientRect();
        if (isRow(each)) return each.matches("#lines > li") ? Math.round(height) : "";
        // On a phone the list of lines is the last of the page, and grows downwards.
        return [x, y + scrollY, width, each.querySelector("#lines") ? "" : height].join();
    };
    // A label or a time is as wide as its words: what counts is where it begins, and its box.
    const place = (each) => each.matches(".robot-facts *, .speech-facts *") ? "" : of(each);
    const known = new Map();
    window.moves = [];
    const look = () => {
        for (const each of find()) {
            const now = place(each);
            if (known.has(each) && known.get(each) !== now)
                window.moves.push([each.outerHTML.slice(0, 60), known.get(each), now]);
            known.set(each, now);
        }
        window.watching = requestAnimationFrame(look);
    };
    cancelAnimationFrame(window.watching);
    look();
}"""
SMALL = """() => [...document.querySelectorAll("main :is(button, select, .btn, [type=range])")]
    .filter((each) => each.checkVisibility({visibilityProperty: true}))
    .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
    .filter(([_html, {width, height}]) => width < 43.5 || height < 43.5).map(([html]) => html)"""
PATIENCE_MS = 20_000


@pytest.fixture
def env(install: Callable[..., dict[str, str]]) -> dict[str, str]:
    """Return the environment of an installation that knows a robot."""
    values = install(MOXIE_REQUIRE_LOGIN="0", DEBUG="1")
    robot = (
        f"from hive.models import Robot;"
        f"Robot.objects.create(device_id={DEVICE!r}, approval='approved')"
    )
    run(manage("shell", "-v0", "-c", robot), values)
    return values


@pytest.fixture
def start_hive(env: dict[str, str]) -> Iterator[Callable[[], Process]]:
    started: list[Process] = []

    def start() -> Process:
        started.append(Process(manage("run_hive"), env))
        started[-1].wait_for_line("hive ready at")
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.fixture
def page() -> Iterator[Page]:
    with open_page() as opened:
        yield opened


def say(page: Page, env: dict[str, str], words: str) -> Locator:
    """Type a sentence in Puppet Mode and return its line on the page."""
    page.goto(f"http://localhost:{env['HIVE_PORT']}/puppet/{DEVICE}/")
    page.fill("#text", words)
    page.press("#text", "Enter")
    return page.locator("#lines li", has_text=words)


def expect_state(line: Locator, state: str, words: str) -> None:
    expect(line).to_have_attribute("data-state", state, timeout=PATIENCE_MS)
    pill = line.locator("[data-part=state]")
    expect(pill).to_have_class(f"state state-{state}")
    expect(pill).to_have_text(words)


def test_line_keeps_updating_after_a_reload(
    env: dict[str, str],
    start_hive: Callable[[], Process],
    page: Page,
    listen: Callable[..., Listener],
) -> None:
    start_hive()
    line = say(page, env, "Hola, soy Moxie")
    expect_state(line, "sent", "enviada")
    line_id, service = line.get_attribute("data-line"), listen()

    def tell(event: str) -> None:
        service.publish(STATUS_TOPIC, json.dumps({"id": line_id, "event": event}))

    tell("stored")
    expect_state(line, "queued", "en cola")
    page.reload()
    expect_state(line, "queued", "en cola")
    tell("playing")
    expect_state(line, "playing", "sonando")
    assert_scripts_write_times_as_the_server_does(page)


def assert_scripts_write_times_as_the_server_does(page: Page) -> None:
    write = """async ([lang, iso]) => {
        document.documentElement.lang = lang;
        const times = await import(`/static/ttsmonitor/times.js?${lang}`);
        return times.dateTime(new Date(iso));
    }"""
    for lang in ("es", "en"):
        for moment in (datetime(2026, 9, 5, 14, 5), datetime(2026, 11, 30, 0, 7)):
            with translation.override(lang):
                written = date_format(moment, "DATETIME_FORMAT")
            assert page.evaluate(write, [lang, moment.isoformat()]) == written


def test_line_waits_while_there_is_no_broker(
    env: dict[str, str], start_hive: Callable[[], Process], page: Page, mosquitto: Broker
) -> None:
    mosquitto.process.close()
    start_hive()
    line = say(page, env, "Hola, soy Moxie")
    expect_state(line, "waiting", "en espera")
    outbox = page.locator("#speech [data-part=outbox]")
    expect(outbox).to_have_text("Guardadas hasta que estén en el historial: 1")
    mosquitto.start()
    expect_state(line, "sent", "enviada")


def test_nothing_moves_during_ten_sentences(
    env: dict[str, str],
    start_hive: Callable[[], Process],
    page: Page,
    listen: Callable[..., Listener],
) -> None:
    start_hive()
    service = listen()

    def tell(words: str, **fields: object) -> None:
        state = {
            "current_text": words,
            "queue_size": len(words),
        }
        service.publish(STATUS_TOPIC, json.dumps(state | fields))

    def report(state: str) -> None:
        fields = {"subtopic": "telehealth", "message": {"state": state}}
        topic = f"/devices/{DEVICE}/events/client-service-activity-log"
        service.publish(topic, json.dumps(fields))

    service.publish("moxie/system/health/tts-subscriber", '{"status": "online"}', retain=True)
    report("READY")
    for size in SIZES:
        page.set_viewport_size(size)
        page.goto(f"http://localhost:{env['HIVE_PORT']}/puppet/{DEVICE}/")

        def is_online() -> bool:
            report("READY")  # the hive may not have subscribed yet
            return page.locator("#robot [data-part=online]").inner_text() == "en línea"

        wait_until(is_online, "the robot")
        expect(page.locator("#speech [data-part=status]")).not_to_have_text("sin conexión")
        assert page.evaluate(SMALL) == []
        page.evaluate(WATCH_PLACES)
        for number, length in enumerate(LENGTHS):
            words = f"{number} {'palabra ' * 50}"[:length].strip()
            page.fill("#text", words)
            page.press("#text", "Enter")
            line = page.locator("#lines li").first
            expect(line.locator("[data-part=text]")).to_have_text(words)
            line_id = line.get_attribute("data-line")
            report("IN_SESSION" if number % 2 else "a state that no version before had told")
            tell("", status="idle", event="stored", id=line_id)
            tell(words, status="synthesizing", event="playing", id=line_id)
            expect_state(line, "playing", "sonando")
            tell(
                "",
                status="idle",
                event="spoken",
                id=line_id,
                alerts=["muted"] if number == 5 else [],
            )
            expect(line).to_have_attribute("data-state", "spoken")
            report("READY")
        moves = page.evaluate("window.moves")
        assert not moves, json.dumps(moves[:20], indent=1)
        expect(page.locator("#lines .state-muted").first).to_have_text("en silencio")
