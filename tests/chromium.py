"""A real Chromium for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

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
def open_page(locale: str = "es-ES") -> Iterator[Page]:
    """A page of a visitor who speaks Spanish; AssertionError where a script of it failed."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_context(locale=locale).new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        yield page
        browser.close()
        assert problems == []
