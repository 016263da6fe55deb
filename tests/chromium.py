"""A real Chromium for tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


HEARD = ["--autoplay-policy=no-user-gesture-required"]
"""Plays sound without a click before."""


@contextmanager
def chromium() -> Iterator[Callable[..., Browser]]:
    """Start one Chromium or several: launch(*arguments, sink="…") is heard at that sound device."""
    with sync_playwright() as playwright:
        started: list[Browser] = []

        def launch(*arguments: str, sink: str = "") -> Browser:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
                # A busy machine would make gaps in less of it.
                args=[*QUIET, *arguments, *(["--audio-buffer-size=2048"] if sink else [])],
                env={**os.environ, "PULSE_SINK": sink},
                ignore_default_args=["--mute-audio"] if sink else None,
            )
            started.append(browser)
            return browser

        yield launch
        for browser in started:
            browser.close()


@contextmanager
def watched_page(browser: Browser, locale: str = "es-ES") -> Iterator[Page]:
    """A page of a visitor; AssertionError where a script of it failed."""
    context = browser.new_context(locale=locale)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


@contextmanager
def open_page(locale: str = "es-ES") -> Iterator[Page]:
    """A page of a visitor who speaks Spanish, in a browser of its own."""
    with chromium() as launch, watched_page(launch(), locale) as page:
        yield page
