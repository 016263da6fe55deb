"""Puppet Mode in a real browser, with a real broker; the test plays the speech service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import Broker
from tests.support.chromium import open_page
from tests.support.tools import (
    Listener,
    Process,
    manage,
    run,
)
from ttsmirror.wire.messages import STATUS_TOPIC

pytestmark = pytest.mark.browser

DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
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
