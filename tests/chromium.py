"""A real Chromium for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=QUIET
    )


@contextmanager
def open_browser() -> Iterator[Browser]:
    """One for several visitors."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, locale: str = "es-ES", **options: Any) -> Iterator[Page]:
    """A page of a visitor of its own; AssertionError where a script of it failed."""
    context = browser.new_context(locale=locale, **options)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


@contextmanager
def open_page(locale: str = "es-ES") -> Iterator[Page]:
    """A page of a visitor who speaks Spanish; AssertionError where a script of it failed."""
    with open_browser() as browser, visit(browser, locale) as page:
        yield page
