"""Robots are let in on the dashboard: a real hive, broker and browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from hive.mqtt.admission import MOST_WAITING
from hive.mqtt.virtual_moxie import VirtualMoxie
from tests.conftest import installation, start_mosquitto
from tests.support.chromium import open_browser, open_live, visit
from tests.support.site import log_in
from tests.support.tools import Listener, manage, run, running

pytestmark = pytest.mark.browser

PATIENCE_MS = 20_000
PASSWORD = "a-long-password"
ACCOUNT = (
    "from django.contrib.auth.models import User;"
    f"User.objects.create_superuser('moxie', password={PASSWORD!r})"
)
NEW, OTHER = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427", "d_0f8fad5b-d9cb-469f-a165-70867728950e"
PHONE = {"width": 390, "height": 844}


@dataclass
class Home:
    """A running hive, its broker's port, and a browser."""

    url: str
    broker: int
    browser: Browser

    def robot(self, device_id: str) -> VirtualMoxie:
        made = VirtualMoxie(device_id, "127.0.0.1", self.broker, tls=False)
        made.start()
        return made


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, new_database: Path) -> Iterator[Home]:
    directory = tmp_path_factory.mktemp("admission")
    broker = start_mosquitto(directory)
    environment = installation(
        broker,
        directory / "work",
        new_database,
        HIVE_ALLOW_NEW_ROBOTS="ask",
        DEBUG="1",
    )
    run(manage("shell", "-v0", "-c", ACCOUNT), environment)
    with running(manage("run_hive"), environment) as hive, open_browser() as browser:
        hive.wait_for_line("hive ready at")
        yield Home(f"http://localhost:{environment['HIVE_PORT']}/", broker.port, browser)
    broker.process.close()


@pytest.fixture
def phone(home: Home) -> Iterator[Page]:
    """Open the dashboard in Spanish on a dark phone."""
    with visit(home.browser, "es-ES", viewport=PHONE, color_scheme="dark") as page:
        page.context.set_default_timeout(PATIENCE_MS)
        log_in(page, home.url, PASSWORD)
        open_live(page, home.url)
        yield page


def test_click_lets_a_robot_in_without_a_reconnect(home: Home, phone: Page) -> None:
    events: list[str] = []
    robot = home.robot(NEW)
    robot.on_event = lambda kind, words: events.append(kind)
    try:
        shown = phone.locator(f"#waiting [data-robot='{NEW}']")
        expect(shown).to_be_visible(timeout=PATIENCE_MS)
        expect(phone.locator("#welcome")).to_be_hidden()
        robot.prompt()
        shown.get_by_text("Dejar entrar").click()
        robot.wait_for(lambda robot: robot.config)
        expect(phone.locator(f"#robots [data-robot='{NEW}'].is-online")).to_be_visible()
        expect(phone.locator("#undecided")).to_be_hidden()
        assert "lost" not in events
        assert robot.commands == [], "nothing that it sent before is answered"

        phone.once("dialog", lambda dialog: dialog.accept())
        phone.locator(f"#robots [data-robot='{NEW}'] [data-action=revoke]").click()
        phone.locator("#no-access summary").click()
        refused = phone.locator(f"#refused [data-robot='{NEW}']")
        expect(refused).to_be_visible()
        robot.prompt()
        expect(phone.locator("#robots > li")).to_have_count(0)
        refused.locator("[data-action=forget]").click()
        expect(phone.locator("#welcome")).to_be_visible()
        robot.publish_state()
        expect(shown).to_be_visible()  # it waits again, for it is still there
        assert robot.commands == []
        shown.locator("[data-action=revoke]").click()
        expect(refused).to_have_count(1)
    finally:
        robot.stop()


def test_open_puppet_page_is_left_when_access_is_revoked(home: Home, phone: Page) -> None:
    robot = home.robot(OTHER)
    try:
        phone.locator(f"#waiting [data-robot='{OTHER}'] [data-action=approve]").click()
        puppet = phone.context.new_page()
        open_live(puppet, f"{home.url}puppet/{OTHER}/")
        phone.once("dialog", lambda dialog: dialog.accept())
        phone.locator(f"#robots [data-robot='{OTHER}'] [data-action=revoke]").click()
        expect(puppet).to_have_url(home.url)
    finally:
        robot.stop()


def test_open_minute_lets_a_new_robot_in(home: Home, phone: Page) -> None:
    phone.click("#allow-new")
    expect(phone.locator("#open")).to_contain_text("entran sin preguntar hasta las")
    robot = home.robot("d_minute")
    try:
        expect(phone.locator("#robots [data-robot='d_minute']")).to_be_visible()
        phone.click("#end-allow-new")
        expect(phone.locator("#open")).to_be_hidden()
        expect(phone.locator("#allow-new")).to_be_visible()
    finally:
        robot.stop()


def test_flood_is_told_and_forgotten_with_one_click(home: Home, phone: Page) -> None:
    flood = Listener(home.broker)
    try:
        for number in range(2 * MOST_WAITING):
            flood.publish(f"/devices/d_flood{number}/state", "{}", qos=0)
        expect(phone.locator("#waiting > li")).to_have_count(MOST_WAITING, timeout=PATIENCE_MS)
        expect(phone.locator("#full")).to_contain_text(f"Quedaron fuera: {MOST_WAITING}")
        phone.click("#forget-all")
        expect(phone.locator("#waiting > li")).to_have_count(0)
        expect(phone.locator("#full")).to_be_hidden()
    finally:
        flood.close()
