"""A real Chromium for tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    WebSocket,
    expect,
    sync_playwright,
)

from tests.support.tools import PATIENCE_SECONDS, wait_until

expect.set_options(timeout=PATIENCE_SECONDS * 1000)  # instead of five seconds
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HEARD = ["--autoplay-policy=no-user-gesture-required"]
"""Play sound without a click first."""


def launch(playwright: Playwright, *arguments: str, sink: str = "") -> Browser:
    """Start a Chromium that plays on the sound device `sink`."""
    return playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        # A busy machine would make gaps in a smaller buffer.
        args=[*QUIET, *arguments, *(["--audio-buffer-size=2048"] if sink else [])],
        env={**os.environ, "PULSE_SINK": sink},
        ignore_default_args=["--mute-audio"] if sink else None,
    )


@contextmanager
def chromium() -> Iterator[Callable[..., Browser]]:
    """Yield launch(*arguments, sink="…"), which starts Chromiums that end with Playwright."""
    with sync_playwright() as playwright:
        yield partial(launch, playwright)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Yield one browser for several visitors."""
    with chromium() as start:
        browser = start()
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, locale: str = "es-ES", **options: Any) -> Iterator[Page]:
    """Open a page in a separate context.

    Raise AssertionError if one of its scripts failed or if it violated the content policy.
    """
    context = browser.new_context(locale=locale, **options)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = context.new_page()
    problems: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            problems.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert not problems, "\n".join(problems)


def open_live(page: Page, url: str) -> None:
    """Open a live page and wait for the first message to it, which is its snapshot."""
    frames: list[str | bytes] = []

    def watch(opened: WebSocket) -> None:
        opened.on("framereceived", lambda frame: frames.append(frame))

    def is_live() -> bool:
        page.evaluate("0")  # Playwright delivers frames only during a call
        return bool(frames)

    page.on("websocket", watch)
    page.goto(url)
    wait_until(is_live, "the snapshot")


@contextmanager
def open_page(locale: str = "es-ES") -> Iterator[Page]:
    """Open a Spanish page. Raise AssertionError if one of its scripts failed."""
    with open_browser() as browser, visit(browser, locale) as page:
        yield page
