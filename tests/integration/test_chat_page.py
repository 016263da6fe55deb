"""The conversation page in a real browser, with a language model controlled by the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import open_page
from tests.support.model_stub import ModelStub, serving_model
from tests.support.tools import (
    Listener,
    manage,
    running,
    wait_until,
)
from ttsmirror.wire.messages import CONTROL_TOPIC, STATUS_TOPIC

pytestmark = pytest.mark.browser
PATIENCE_MS = 20_000


@pytest.fixture
def model() -> Iterator[ModelStub]:
    with serving_model() as stub:
        yield stub


@pytest.fixture
def page(install: Callable[..., dict[str, str]], model: ModelStub) -> Iterator[Page]:
    """Open the conversation page of a separate hive."""
    env = install(
        MOXIE_REQUIRE_LOGIN="0", DEBUG="1", HIVE_CHAT_URL=model.url, HIVE_CHAT_MODEL="stub"
    )
    with running(manage("run_hive"), env) as hive:
        hive.wait_for_line("hive ready at")
        with open_page() as opened:
            opened.goto(f"http://localhost:{env['HIVE_PORT']}/chat/")
            yield opened


def test_conversation_works_by_keyboard_and_shows_partial_answers(
    page: Page, model: ModelStub, listen: Callable[..., Listener]
) -> None:
    service, gate = listen("moxie/tts/text/#", CONTROL_TOPIC), threading.Event()
    expect(page.locator("#talker")).to_have_text("Contesta el modelo de lenguaje stub.")
    expect(page.locator("#text")).to_be_focused()
    model.answer("Me encanta. ", gate, "<b>¿Y</b> tú?")
    page.keyboard.type("Hoy vi un gato")
    page.keyboard.press("Enter")

    child, moxie = page.locator(".chat-line.is-child"), page.locator(".chat-line.is-moxie")
    expect(child.locator(".chat-words")).to_have_text("Hoy vi un gato")
    words = moxie.locator(".chat-words")
    expect(words).to_have_text("Me encanta.", timeout=PATIENCE_MS)
    wait_until(lambda: service.messages, "the first sentence at the loudspeaker")
    expect(page.locator("#text")).to_have_value("")
    gate.set()
    expect(words).to_have_text("Me encanta. ¿Y tú?", timeout=PATIENCE_MS)
    line_id = moxie.get_attribute("data-line")
    service.publish(STATUS_TOPIC, f'{{"id": "{line_id}", "event": "spoken"}}')
    expect(moxie.locator("[data-part=state]")).to_have_text("dicha", timeout=PATIENCE_MS)

    page.keyboard.press("Escape")
    wait_until(lambda: service.payloads(CONTROL_TOPIC), "the interrupt")
    page.reload()
    expect(page.locator("#text")).to_be_focused()
    expect(words).to_have_text("Me encanta. ¿Y tú?")
    expect(child.locator(".chat-words")).to_have_text("Hoy vi un gato")

    model.answer(503)
    page.keyboard.type("¿Sigues ahí?")
    page.keyboard.press("Enter")
    expect(moxie.last.locator("[data-part=error]")).to_contain_text("503", timeout=PATIENCE_MS)
    page.select_option("#module", label="Talk with Moxie")
    opener = "Hi! I am Moxie. I am so glad to see you. How was your day?"
    expect(words).to_have_text([opener], timeout=PATIENCE_MS)
    assert page.evaluate("document.querySelectorAll('script:not([src]):not([type])').length") == 0
