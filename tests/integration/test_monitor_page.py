"""The live monitor in a real browser, with the real speech service and a real broker."""

from __future__ import annotations

import json
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import correlation, linear_regression
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from tests.conftest import start_mosquitto
from tests.support.chromium import open_browser, open_live, visit
from tests.support.tools import (
    Listener,
    Process,
    free_port,
    get_json,
    manage,
    run,
    running,
    wait_until,
)
from ttsmonitor.synthesis.base import Block, SpeechRequest
from ttsmonitor.synthesis.espeak import EspeakEngine

pytestmark = pytest.mark.browser
PATIENCE_MS = 20_000
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
SMALL_PHONE: ViewportSize = {"width": 360, "height": 740}
OLD_ROWS = 130
STORY = (
    "Había una vez un dragón azul que no sabía volar, y una golondrina que le dijo:"
    " yo también tuve miedo, ven conmigo a la colina."
)
FILL = f"""
from tests.support.web_fakes import utterance
for n in range({OLD_ROWS}):
    utterance(f"Frase antigua {{n}}", device_id=f"moxie-{{n % 3}}", seconds_ago=3600 + n)
from ttsmonitor.models import VoiceSetting
VoiceSetting.objects.create(source="hasty", speed=2)
"""
LONG_STORY = " ".join([STORY] * 4)[:400]
LENGTHS = (5, 400, 12, 30, 250, 60, 8, 150, 90, 20)
LONG_CHARACTERS = 40
"""A sentence with more is skipped after its first words, so that the test takes less time."""
# Every element that stays on the page, with its place in each frame that is drawn.
WATCH_PLACES = """() => {
    const shown = () => [...document.querySelectorAll("body *:not(.word, #bars i, #notice)")]
        .filter((each) => !each.closest("#stream-scroller > *, .offcanvas:not(.show)"))
        .filter((each) => each.checkVisibility());
    const place = (each) => Object.values(each.getBoundingClientRect().toJSON()).join();
    const before = new Map(shown().map((each) => [each, place(each)]));
    window.shifts = [];
    window.moves = {};
    new PerformanceObserver((list) => {
        for (const each of list.getEntries()) if (!each.hadRecentInput)
            window.shifts.push([each.value, ...each.sources.map(({ node }) => node?.className)]);
    }).observe({type: "layout-shift"});
    const look = () => {
        for (const [each, was] of before) if (each.checkVisibility() && place(each) !== was)
            window.moves[each.id || each.className || each.nodeName] = [was, place(each)];
        requestAnimationFrame(look);
    };
    look();
}"""
SMALL_OR_CLIPPED = """() => [...document.querySelectorAll("body *")]
    .filter((each) => each.checkVisibility({visibilityProperty: true}))
    .filter((each) => !each.closest(".visually-hidden, .offcanvas:not(.show)"))
    .filter((each) => {
        const {width, height, right} = each.getBoundingClientRect();
        const isTarget = each.matches(
            "button, select, input:not([type=hidden], .btn-check), summary, nav a");
        return right > innerWidth || (isTarget && (width < 44 || height < 44));
    })
    .map((each) => [each.outerHTML.slice(0, 90), each.getBoundingClientRect().toJSON()])"""
SETTLED = """async (row) => {
    const top = () => row.getBoundingClientRect().top;
    for (let same = 0, last = NaN; same < 10; same = top() === last ? same + 1 : 0, last = top())
        await new Promise(requestAnimationFrame);
    return top();
}"""
STILL = "scaleY(0.18)"
WATCH = """() => {
    window.lit = [];
    new MutationObserver(() => {
        const word = document.querySelector("#now .word.is-now");
        if (word && word !== window.last) window.lit.push([performance.now(), word.textContent]);
        window.last = word;
    }).observe(document.querySelector("#now"), {subtree: true, childList: true, attributes: true});
}"""


@dataclass
class Service:
    """A running speech service and a publisher."""

    process: Process
    url: str
    sender: Listener

    def say(self, *texts: str, **fields: Any) -> list[str]:
        """Publish sentences and return their ids."""
        ids = [str(uuid.uuid4()) for _text in texts]
        for text, utterance_id in zip(texts, ids, strict=True):
            message = {"text": text, "id": utterance_id, "source": "system"} | fields
            self.sender.publish("moxie/tts/text", json.dumps(message))
        return ids

    def control(self, action: str, **fields: Any) -> None:
        self.sender.publish("moxie/tts/control", json.dumps({"action": action} | fields))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, new_database: Path) -> Iterator[Service]:
    """Run a service with several pages of history for this module."""
    work = tmp_path_factory.mktemp("monitor")
    broker, port = start_mosquitto(work), free_port()
    shutil.copy(new_database, work)
    env = {
        "MOXIE_WORK_DIR": str(work),
        "MQTT_HOST": broker.host,
        "MQTT_PORT": str(broker.port),
        "HTTP_PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
        "MOXIE_REQUIRE_LOGIN": "0",
        "DEBUG": "1",
        "TTS_ENGINE": "espeak",
        "TTS_AUDIO": "null",
    }
    run(manage("shell", "-v0", "-c", FILL), env)
    sender = None
    try:
        with running(manage("run_tts_subscriber"), env) as process:
            process.wait_for_line("monitor ready at")
            health = f"http://localhost:{port}/health"
            wait_until(lambda: get_json(health)["ok"], "its subscription")
            sender = Listener(broker.port)
            yield Service(process, f"http://localhost:{port}/", sender)
    finally:
        if sender is not None:
            sender.close()
        broker.process.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """Open the live monitor in Spanish on a desktop."""
    with visit(browser, "es-ES", viewport=DESKTOP) as opened:
        open_live(opened, service.url)
        yield opened
        service.control("interrupt")
        service.control("resume")


def expect_texts(rows: Locator, wanted: list[str]) -> None:
    expect(rows.locator("[data-part=text]")).to_have_text(wanted, timeout=PATIENCE_MS)


def expect_spoken(page: Page, *ids: str) -> None:
    for each in ids:
        spoken = page.locator(f"#stream [data-id='{each}'] .state-spoken")
        expect(spoken).to_be_visible(timeout=PATIENCE_MS)


def wait_for_word(page: Page, word: str) -> None:
    """Wait until the word has been highlighted, however briefly."""
    has_been_lit = "word => window.lit.some((each) => each[1] === word)"
    wait_until(lambda: page.evaluate(has_been_lit, word), f"the word {word}")


def marks_of(text: str) -> list[tuple[str, float]]:
    """Return the start of each word in the synthesized sound."""
    found: list[tuple[str, float]] = []
    before = 0.0

    def take(block: Block) -> bool:
        nonlocal before
        found.extend((mark.word, before + mark.seconds) for mark in block.marks)
        before += block.seconds
        return True

    EspeakEngine("es").speak(SpeechRequest(text=text), take)
    return found


def times(
    lit: list[list[Any]], expected: list[tuple[str, float]]
) -> tuple[list[float], list[float]]:
    """Return when each word was spoken and when it was highlighted, in milliseconds.

    A busy browser may skip a word, but never goes back.
    """
    spoken, highlighted = [], []
    left = iter(expected)
    for at, word in lit:
        seconds = next((when for each, when in left if each == word.strip(",.:")), None)
        assert seconds is not None, f"{word} is highlighted out of turn"
        spoken.append(1000 * seconds)
        highlighted.append(at)
    return spoken, highlighted


def test_words_are_highlighted_as_they_are_heard(
    page: Page, service: Service, browser: Browser
) -> None:
    page.evaluate(WATCH)
    page.fill("#phrase [name=text]", STORY)
    page.press("#phrase [name=text]", "Enter")
    expect(page.locator("#now-said")).to_have_text(STORY, timeout=PATIENCE_MS)
    wait_for_word(page, "dragón")
    expect(page.locator("#now")).to_have_text(STORY)
    # The bars may rest between two words.
    has_bars = "bars => bars.some(bar => bar.getBoundingClientRect().height > 8)"
    wait_until(lambda: page.locator("#bars i").evaluate_all(has_bars), "the bars")
    with visit(browser, "en-GB", viewport=PHONE, reduced_motion="reduce") as late:
        open_live(late, service.url)
        expect(late.locator("#now .word.is-now")).to_be_visible(timeout=PATIENCE_MS)
        assert late.locator("#now .word.is-said").count() > 3
        levels = late.locator("#bars i").evaluate_all("bars => bars.map(b => b.style.transform)")
        assert set(levels) <= {"", STILL}, "it moves for who wants nothing to move"
    expect(page.locator("#now.is-quiet")).to_be_visible(timeout=PATIENCE_MS)
    spoken, highlighted = times(page.evaluate("window.lit"), marks_of(STORY))
    assert len(spoken) > 20
    # A busy machine delays single words; it changes neither the pace nor the order.
    assert correlation(spoken, highlighted) > 0.98
    assert 0.9 < linear_regression(spoken, highlighted).slope < 1.1
    expect(page.locator("#now-said")).to_have_text("")


def test_pause_holds_the_word_and_mute_does_not(page: Page, service: Service) -> None:
    page.evaluate(WATCH)
    (said,) = service.say(STORY)
    now = page.locator("#now .word.is-now")
    wait_for_word(page, "vez")
    page.keyboard.press("k")
    expect(page.locator("#resume")).to_be_visible()
    # No word of this text lasts that long.
    is_held = "performance.now() - window.lit.at(-1)[0] > 900"
    wait_until(lambda: page.evaluate(is_held), "the word to be held")
    expect(now).not_to_have_text("golondrina")
    before = page.evaluate("window.lit.length")
    page.keyboard.press("k")
    page.keyboard.press("m")
    expect(page.locator("#unmute")).to_be_visible()
    wait_for_word(page, "golondrina")
    assert page.evaluate("window.lit.length") > before
    heights = page.locator("#bars i").evaluate_all("bars => bars.map(bar => bar.style.transform)")
    assert set(heights) == {STILL}
    page.keyboard.press("m")
    page.keyboard.press("Escape")
    expect(page.locator("#now.is-quiet")).to_be_visible()
    expect(page.locator(f"#stream li[data-id='{said}']")).to_contain_text("interrumpida por")


def test_nothing_moves_while_sentences_come_and_go(browser: Browser, service: Service) -> None:
    """A sentence of any length changes what is read, and moves nothing."""
    sentences = [LONG_STORY[:length].strip() for length in LENGTHS]
    looks = [("es-ES", DESKTOP, False), ("en-GB", SMALL_PHONE, True)]
    with ExitStack() as stack:
        pages = [
            stack.enter_context(visit(browser, locale, viewport=size, has_touch=has_touch))
            for locale, size, has_touch in looks
        ]
        for page in pages:
            open_live(page, service.url)
            expect(page.locator("#now.is-quiet")).to_be_visible(timeout=PATIENCE_MS)
            page.evaluate(WATCH_PLACES)
        for sentence in sentences:
            (said,) = service.say(sentence, source="hasty", device_id="moxie-1", mood="happy")
            if len(sentence) > LONG_CHARACTERS:
                for page in pages:
                    expect(page.locator("#now .word.is-said").nth(2)).to_be_visible()
                    expect(page.locator("#now")).to_have_text(sentence)
                service.control("skip")
            for page in pages:
                row = page.locator(f"#stream [data-id='{said}']")
                expect(row).to_be_in_viewport(timeout=PATIENCE_MS)
        for page in pages:
            assert page.evaluate("window.shifts") == []
            assert page.evaluate("window.moves") == {}
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_lit_word_of_a_long_sentence_stays_in_sight(page: Page, service: Service) -> None:
    page.set_viewport_size(SMALL_PHONE)
    service.say(LONG_STORY, source="hasty")
    has_scrolled = "document.querySelector('#now').scrollTop > 0"
    wait_until(lambda: page.evaluate(has_scrolled), "the player to scroll")
    is_seen = """() => {
        const [word, box] = [".word.is-now", "#now"].map(
            (each) => document.querySelector(each).getBoundingClientRect());
        return word.top >= box.top && word.bottom <= box.bottom;
    }"""
    assert page.evaluate(is_seen)


def test_buttons_of_a_phone_are_large_enough(browser: Browser, service: Service) -> None:
    service.control("pause")
    service.say("Uno", "Dos")
    found = {}
    with visit(browser, "es-ES", viewport=SMALL_PHONE, has_touch=True, is_mobile=True) as phone:
        for path in ("", "diagnostics/", "history/"):
            open_live(phone, f"{service.url}{path}")
            expect(phone.locator(".keyboard-hint:visible")).to_have_count(0)
            found[path] = phone.evaluate(SMALL_OR_CLIPPED)
        open_live(phone, service.url)
        phone.locator(".queue-open").tap()
        expect(phone.locator("#queue-drawer.show:not(.showing)")).to_be_visible()
        found["queue"] = phone.evaluate(SMALL_OR_CLIPPED)
    service.control("interrupt")
    service.control("resume")
    assert not any(found.values()), json.dumps(found, indent=1)


def test_status_line_is_live_and_its_button_mends(page: Page, service: Service) -> None:
    shown = page.locator(".status-note:visible")
    page.goto(f"{service.url}history/")
    expect(shown).to_have_text("Todo funciona.", timeout=PATIENCE_MS)
    service.control("pause")
    service.control("mute")
    expect(shown).to_contain_text("silenci", timeout=PATIENCE_MS)
    shown.get_by_role("button").click()
    expect(shown).to_contain_text("En pausa", timeout=PATIENCE_MS)
    shown.get_by_role("button").click()
    expect(shown).to_have_text("Todo funciona.", timeout=PATIENCE_MS)


def test_live_activity_is_translated_with_its_nested_reason(page: Page, service: Service) -> None:
    open_live(page, f"{service.url}diagnostics/")
    lines = page.locator("#log li")
    service.sender.publish("moxie/tts/text", '{"text": "Hola", "lang": "x!"}')
    translated = "moxie/tts/text: lang es 'x!': no es un nombre válido"
    expect(lines.filter(has_text=translated)).to_have_count(1, timeout=PATIENCE_MS)
    (said,) = service.say("Una frase corta.")
    spoken = re.compile(rf"dicha {said[:8]} \(\d(,\d)? s\): Una frase corta\.")
    expect(lines.filter(has_text=spoken)).to_have_count(1, timeout=PATIENCE_MS)


def test_queue_is_reordered_by_keyboard_and_touch(
    page: Page, service: Service, browser: Browser
) -> None:
    queue = page.locator("#queue li")
    page.keyboard.press("k")
    expect(page.locator("#resume")).to_be_visible()
    ids = service.say("Uno", "Dos", "Tres", "Cuatro")
    page.keyboard.press("q")
    expect(page.locator("#queue-drawer.show:not(.showing)")).to_be_visible()
    expect(page.locator("[data-queue-count]")).to_have_text(["4", "4"])
    expect_texts(queue, ["Uno", "Dos", "Tres", "Cuatro"])
    queue.nth(2).get_by_role("button", name="Antes").press("Enter")
    expect_texts(queue, ["Uno", "Tres", "Dos", "Cuatro"])
    expect(page.locator("#queue-said")).to_have_text("Número 2 de la cola")
    page.keyboard.press("Alt+ArrowUp")
    expect_texts(queue, ["Tres", "Uno", "Dos", "Cuatro"])
    queue.nth(3).drag_to(queue.nth(0), target_position={"x": 40, "y": 4})
    expect_texts(queue, ["Cuatro", "Tres", "Uno", "Dos"])
    with visit(browser, "en-GB", viewport=PHONE, has_touch=True) as phone:
        open_live(phone, service.url)
        phone.locator(".queue-open").tap()
        rows = phone.locator("#queue li")
        rows.nth(0).get_by_role("button", name="Later").tap()
        expect_texts(rows, ["Tres", "Cuatro", "Uno", "Dos"])
        rows.nth(1).get_by_role("button", name="Remove from the queue").tap()
        expect_texts(rows, ["Tres", "Uno", "Dos"])
    expect_texts(queue, ["Tres", "Uno", "Dos"])
    expect(page.locator(f'#stream [data-id="{ids[3]}"]')).to_contain_text("quitada de la cola")
    page.keyboard.press("Escape")  # it closes the drawer and interrupts nothing
    page.keyboard.press("k")
    expect(queue).to_have_count(0, timeout=PATIENCE_MS)
    expect_spoken(page, *ids[:3])
    order = page.evaluate(
        "ids => fetch('/api/history?limit=10').then(answer => answer.json()).then(({utterances}) =>"
        " utterances.filter(row => ids.includes(row.id) && row.started_at)"
        ".sort((a, b) => a.started_at < b.started_at ? -1 : 1).map(row => row.text))",
        ids,
    )
    assert order == ["Tres", "Uno", "Dos"]


def test_filter_applies_to_live_and_reloaded_rows(page: Page, service: Service) -> None:
    rows = page.locator("#stream li")
    page.select_option("#filters [name=device_id]", "moxie-1")
    expect(rows.locator("[data-part=robot]").first).to_have_text("moxie-1")
    robots = rows.locator("[data-part=robot]")
    wait_until(lambda: set(robots.all_text_contents()) == {"moxie-1"}, "the filtered rows")
    page.fill("#filters [name=q]", "adios aviadór")
    expect(page.locator("#stream-none")).to_be_visible()
    assert "device_id=moxie-1" in page.url and "q=adios" in page.url
    # Publish the matching sentence last: once it shows, the others have arrived.
    service.say("Adiós, querido aviador", device_id="moxie-2")
    service.say("Hola, aviador", device_id="moxie-1")
    service.say("Adiós, aviador", device_id="moxie-1")
    expect_texts(rows, ["Adiós, aviador"])
    expect(rows.locator(".state-spoken")).to_have_count(1, timeout=PATIENCE_MS)
    facts = rows.locator(".row-fact:visible")
    expect(facts).to_have_text(["moxie-1", "Sistema"])
    page.reload()
    expect_texts(rows, ["Adiós, aviador"])
    page.click("#filters-off")
    expect(rows).to_have_count(50)
    assert page.url == service.url


@pytest.mark.parametrize(("locale", "size"), [("es-ES", DESKTOP), ("en-GB", PHONE)])
def test_scrolling_loads_older_rows_without_moving_others(
    browser: Browser, service: Service, locale: str, size: dict[str, int]
) -> None:
    with visit(browser, locale, viewport=size) as page:
        open_live(page, service.url)
        rows = page.locator("#stream li")
        while (before := rows.count()) < OLD_ROWS:
            rows.last.scroll_into_view_if_needed()
            expect(rows.nth(before)).to_be_attached(timeout=PATIENCE_MS)
        rows.nth(60).scroll_into_view_if_needed()
        row = rows.nth(60).element_handle()
        top = row.evaluate(SETTLED)
        service.say("Nueva, uno", "Nueva, dos")
        pill = page.locator("#fresh")
        news = "2 nuevas" if locale == "es-ES" else "2 new"
        expect(pill).to_have_text(news, timeout=PATIENCE_MS)
        move = "(row, top) => Math.abs(row.getBoundingClientRect().top - top)"
        wait_until(lambda: row.evaluate(move, top) < 2, "the row where it was")
        kept = row.get_attribute("data-id")
        pill.click()
        expect(rows.first.locator("[data-part=text]")).to_have_text("Nueva, dos")
        expect(rows.first).to_be_in_viewport()
        expect(pill).to_be_hidden()
        assert page.locator(f'#stream [data-id="{kept}"]').count() == 1
        assert len(set(rows.evaluate_all("rows => rows.map(r => r.dataset.id)"))) == rows.count()
        expect(rows.first.locator(".state-spoken")).to_be_visible(timeout=PATIENCE_MS)


def test_keys_are_shown_and_can_be_switched_off(page: Page, service: Service) -> None:
    page.keyboard.press("?")
    dialog = page.locator("#keys")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Pausar, continuar")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("n")
    expect(page.locator("#phrase [name=text]")).to_be_focused()
    page.keyboard.type("km?")
    expect(page.locator("#phrase [name=text]")).to_have_value("km?")
    expect_spoken(page, *service.say("Nadie ha pausado."))  # nothing is paused
    expect(page.locator("#pause")).to_be_visible()
    page.click("#keys-open")
    page.uncheck("#keys-on")
    page.click("#keys-close")
    page.reload()
    page.locator("#state").click()
    page.keyboard.press("k")
    page.keyboard.press("?")
    expect_spoken(page, *service.say("Tampoco ahora."))
    expect(page.locator("#pause")).to_be_visible()
    expect(dialog).to_be_hidden()


def test_last_shown_row_cannot_move_past_hidden_rows(page: Page, service: Service) -> None:
    page.keyboard.press("k")
    expect(page.locator("#resume")).to_be_visible()
    service.say(*(f"Frase {number}" for number in range(203)))
    page.keyboard.press("q")
    down = page.locator("#queue [data-move=down]")
    expect(down).to_have_count(200, timeout=PATIENCE_MS)
    expect(down.nth(197)).to_be_enabled()
    expect(down.nth(198)).to_be_disabled()
    down.nth(197).press("Enter")
    expect_texts(page.locator("#queue li").nth(198), ["Frase 197"])


def test_source_may_have_any_name(page: Page, service: Service) -> None:
    (said,) = service.say("De una fuente rara.", source="constructor")
    row = page.locator(f"#stream li[data-id='{said}']")
    expect(row.locator("[data-part=source]")).to_have_text("constructor", timeout=PATIENCE_MS)
    open_live(page, service.url)
    expect(row.locator("[data-part=source]")).to_have_text("constructor")


def test_page_reports_a_lost_service(page: Page, service: Service) -> None:
    stale = page.locator("[data-notice=stale]")
    expect(stale).to_be_hidden()
    service.process.close()
    expect(stale).to_be_visible(timeout=PATIENCE_MS)
    page.fill("#phrase [name=text]", "Hola")
    page.press("#phrase [name=text]", "Enter")
    expect(page.locator("#notice")).to_have_text("El servidor no responde.")
    expect(page.locator("#phrase [name=text]")).to_have_value("Hola")
