"""Puppet Mode with a real hive, speech service and browser, and a simulated robot."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from hive.mqtt.virtual_moxie import VirtualMoxie
from tests.support.pages import DEVICE
from tests.support.site import Site, running_site
from tests.support.tools import wait_until
from ttsmirror.text import CHUNK_CHARACTERS, split_chunks

pytestmark = pytest.mark.browser

PATIENCE_MS = 20_000
SIZES = {"es": {"width": 390, "height": 844}, "en": {"width": 1280, "height": 900}}
LONG = "Había una vez un dragón azul que no sabía volar, y una golondrina. " * 12
NUMBERS = itertools.count(1)
LETTERS = ["a", "é", "ñ", " ", " ", " ", ". ", "? ", ", ", "\n", "…", "»", "👋🏽", "e\u0301", ";"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("puppet") / "work") as made:
        yield made


@pytest.fixture(scope="module")
def robot(site: Site) -> Iterator[VirtualMoxie]:
    """Run a simulated robot; the first test puts it into Puppet Mode."""
    port = int(site.environment["MQTT_SSL_PORT"])
    made = VirtualMoxie(DEVICE, "localhost", port, seconds_per_character=0.03)
    made.start()
    made.wait_for(lambda robot: robot.config)
    yield made
    made.stop()


@pytest.fixture(params=SIZES)
def page(site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open a page in Spanish on a phone, and in English on a desktop."""
    with site.visit(request.param, viewport=SIZES[request.param]) as opened:
        yield opened


def is_spanish(page: Page) -> bool:
    return page.locator("html").get_attribute("lang") == "es"


def say(page: Page, words: str) -> Locator:
    page.fill("#text", words)
    page.press("#text", "Enter")
    return page.locator("#lines > li").filter(has_text=words).first


def delivery(line: Locator, who: str) -> Locator:
    return line.locator(f"[data-delivery={who}] .step")


def puppet_mode(page: Page, site: Site) -> None:
    page.goto(f"{site.urls['hive']}/puppet/{DEVICE}/")
    if page.locator("#start").is_visible():
        page.click("#start")
    expect(page.locator("#stop")).to_be_visible()


def test_line_is_followed_to_the_robot_and_to_the_loudspeaker(
    site: Site, robot: VirtualMoxie, page: Page
) -> None:
    puppet_mode(page, site)
    robot.wait_for(lambda robot: robot.is_puppet)
    expect(page.locator("#robot [data-part=battery]")).to_contain_text("80")
    line = say(page, f"Hola, soy Moxie {next(NUMBERS)}")
    spanish = is_spanish(page)
    robots = ["enviada", "hablando", "dicha"] if spanish else ["sent", "speaking", "said"]
    aloud = (
        ["enviada", "en cola", "sonando", "dicha"]
        if spanish
        else ["sent", "queued", "playing", "spoken"]
    )
    expect(line).to_have_attribute("data-robot", "said", timeout=PATIENCE_MS)
    expect(line).to_have_attribute("data-state", "spoken", timeout=PATIENCE_MS)
    expect(delivery(line, "robot")).to_have_text(robots)
    expect(delivery(line, "speech")).to_have_text(aloud)
    expect(line.locator(".step:not(.is-done)")).to_have_count(0)
    expect(page.locator("#outcome")).to_contain_text(aloud[-1])
    page.reload()
    expect(delivery(page.locator("#lines > li").first, "robot")).to_have_text(robots)


def test_escape_interrupts_robot_and_loudspeaker(
    site: Site, robot: VirtualMoxie, page: Page
) -> None:
    puppet_mode(page, site)
    robot.wait_for(lambda robot: robot.is_puppet)
    line = say(page, f"{next(NUMBERS)} {LONG}".strip())
    expect(line).to_have_attribute("data-robot", "speaking", timeout=PATIENCE_MS)
    expect(line).to_have_attribute("data-state", "playing", timeout=PATIENCE_MS)
    page.keyboard.press("Escape")
    stopped = "interrumpida" if is_spanish(page) else "interrupted"
    expect(line).to_have_attribute("data-state", "interrupted", timeout=PATIENCE_MS)
    expect(delivery(line, "robot").last).to_have_text(stopped)
    expect(delivery(line, "speech").last).to_have_text(stopped)
    expect(line.locator(".step.is-end")).to_have_count(2)


def test_loudspeaker_speaks_without_robot(site: Site, page: Page) -> None:
    page.goto(site.urls["hive"])
    page.click(".loudspeaker-card")
    page.wait_for_url("**/speak/")  # and until it has loaded: keys typed before are plain text
    expect(page.locator("#text")).to_be_focused()
    line = say(page, f"Sin robot {next(NUMBERS)}")
    expect(line).to_have_attribute("data-state", "spoken", timeout=PATIENCE_MS)
    expect(line.locator("[data-delivery=robot]")).to_be_hidden()
    expect(page.locator("#start, #wakeup")).to_have_count(0)
    again = page.locator("#lines > li").count()
    line.locator("[data-again]").click()
    expect(page.locator("#lines > li")).to_have_count(again + 1)


def test_offline_robot_is_shown_as_the_reason(site: Site, page: Page) -> None:
    device = "d_0b4e28ba-2fa1-11d2-883f-0016d3cca427"
    away = VirtualMoxie(device, "localhost", int(site.environment["MQTT_SSL_PORT"]))
    away.start()
    page.goto(site.urls["hive"])
    expect(page.locator(f"[data-robot='{device}'].is-online")).to_be_visible(timeout=PATIENCE_MS)
    page.goto(f"{site.urls['hive']}/puppet/{device}/")
    away.stop()
    expect(page.locator("#hint-offline")).to_be_visible(timeout=PATIENCE_MS)
    line = say(page, f"¿Estás? {next(NUMBERS)}")
    reason = "el robot está sin conexión" if is_spanish(page) else "the robot is offline"
    expect(line.locator("[data-delivery=robot] .delivery-reason")).to_have_text(reason)
    expect(line).to_have_attribute("data-state", "spoken", timeout=PATIENCE_MS)


def test_favourite_appears_on_every_page_and_is_spoken(site: Site, page: Page) -> None:
    words = f"¡A dormir! {next(NUMBERS)}"
    page.goto(f"{site.urls['hive']}/speak/")
    other = page.context.new_page()
    other.goto(f"{site.urls['hive']}/puppet/{DEVICE}/")
    page.click("label[for=mood-shy]")
    say(page, words)
    phrase = page.locator("#recent .phrase").filter(has_text=words)
    phrase.locator("[data-keep]").click()
    expect(phrase).to_be_hidden()
    for each in (page, other):
        kept = each.locator("#favourites .phrase").filter(has_text=words)
        expect(kept).to_have_attribute("data-mood", "shy")
    page.click("label[for=mood-happy]")
    before = page.locator("#lines > li").count()
    page.locator("#favourites .phrase").filter(has_text=words).locator("[data-phrase]").click()
    expect(page.locator("#lines > li")).to_have_count(before + 1)
    expect(page.locator("#lines > li").first).to_have_attribute("data-mood", "shy")
    page.locator("#favourites .phrase").filter(has_text=words).locator("[data-keep]").press("Enter")
    expect(other.locator("#favourites .phrase").filter(has_text=words)).to_have_count(0)
    expect(phrase).to_be_visible()
    other.close()


def test_character_count_shows_parts_and_too_long_text_stays(site: Site, page: Page) -> None:
    page.goto(f"{site.urls['hive']}/speak/")
    count, text = page.locator("#count"), page.locator("#text")
    text.fill("Hola 👋")
    limit = "20.000" if is_spanish(page) else "20,000"
    expect(count).to_contain_text(f"6 de {limit}" if is_spanish(page) else f"6 of {limit}")
    text.fill(LONG)
    parts = len(split_chunks(LONG.strip()))
    told = f"se envía en {parts} fragmentos" if is_spanish(page) else f"is sent in {parts} parts"
    expect(count).to_contain_text(told)
    text.fill("a" * 20_001)
    expect(text).to_have_attribute("aria-invalid", "true")
    text.press("Enter")
    expect(page.locator("#problem")).to_contain_text(limit)
    expect(text).to_have_value("a" * 20_001)
    text.fill("uno")
    text.press("Shift+Enter")
    page.keyboard.type("dos")
    expect(text).to_have_value("uno\ndos")


def test_page_counts_the_same_chunks_as_the_wire(site: Site) -> None:
    chosen = random.Random(5)
    texts = ["".join(chosen.choices(LETTERS, k=chosen.randrange(2_500))) for _ in range(60)]
    texts += ["a" * 1_000, "e\u0301" * 700, "👋🏽" * 500, "", "a" * CHUNK_CHARACTERS]
    with site.visit() as page:
        page.goto(f"{site.urls['hive']}/speak/")
        module = page.evaluate(
            "performance.getEntriesByType('resource').find((each) => /parts/.test(each.name)).name"
        )
        cut: Any = page.evaluate(
            "async ([module, texts, limit]) => {"
            " const { split } = await import(module);"
            " return texts.map((text) => split(text, limit)); }",
            [module, texts, CHUNK_CHARACTERS],
        )
    assert cut == [split_chunks(text) for text in texts]


@pytest.mark.parametrize("where", ["hive", "monitor"])
def test_deleted_utterance_vanishes_from_open_pages(site: Site, where: str) -> None:
    words = f"Sin rastro {next(NUMBERS)}"
    with site.visit() as page:
        page.goto(f"{site.urls['hive']}/speak/")
        monitor = page.context.new_page()
        monitor.goto(site.urls["monitor"])
        expect(say(page, words)).to_have_attribute("data-state", "spoken", timeout=PATIENCE_MS)
        shown = {
            "hive": page.locator("#lines li[data-line], #recent li").filter(has_text=words),
            "monitor": monitor.locator("#stream li").filter(has_text=words),
        }
        expect(shown["monitor"].locator(".state-spoken")).to_be_visible(timeout=PATIENCE_MS)
        expect(shown["hive"]).to_have_count(2)

        history = page.context.new_page()
        history.goto(f"{site.urls[where]}/history/?q={words}")
        history.locator(".row-more summary").click()
        history.locator("[form=delete][name=id]").click()
        history.locator("main .btn-danger").click()
        expect(shown.pop(where)).to_have_count(0)
        ((_site, others),) = shown.items()

        def is_gone() -> bool:
            """Return True if the page no longer shows it after a refresh."""
            others.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            return others.count() == 0

        wait_until(is_gone, "what another process deleted to go")
