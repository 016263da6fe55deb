"""Times in the visitor's time zone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from tests.support.web_fakes import utterance
from ttsmonitor.history import stats
from ttsmonitor.web.time_zone import (
    COOKIE,
    in_zone_of,
    visitor_time_zone,
    zone_of,
)

KIRITIMATI = {COOKIE: "Pacific/Kiritimati"}


@pytest.mark.parametrize(
    "name", ["", "Nowhere/City", "../../etc/passwd", "/etc/localtime", "America", "\0", "ñ" * 9_000]
)
def test_unknown_zone_is_ignored(name: str) -> None:
    assert zone_of({COOKIE: name}) is None
    with in_zone_of({COOKIE: name}):
        assert timezone.get_current_timezone() == timezone.get_default_timezone()


def test_page_shows_the_visitors_time(browser: Client) -> None:
    utterance("Hola", received_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))

    def page(zone: str) -> str:
        browser.cookies[COOKIE] = zone
        content: str = browser.get("/").content.decode()
        return content

    for zone, day, time in (
        ("Pacific/Kiritimati", "Friday, Jan 2, 2026", "5:04 PM"),
        ("Pacific/Niue", "Thursday, Jan 1, 2026", "4:04 PM"),
    ):
        shown = page(zone)
        assert day in shown and f">{time}</time>" in shown


def test_zone_does_not_leak_to_the_next_visitor(browser: Client) -> None:
    browser.cookies[COOKIE] = "Pacific/Kiritimati"
    browser.get("/")
    assert timezone.get_current_timezone() == timezone.get_default_timezone()


def test_today_begins_at_the_visitors_midnight(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 1, 2, 11, 0, tzinfo=UTC)  # there the third began an hour ago
    monkeypatch.setattr(timezone, "now", lambda: now)
    utterance("Hola", received_at=datetime(2026, 1, 2, 9, 0, tzinfo=UTC))
    with in_zone_of({COOKIE: "UTC"}):
        assert stats.collect()["today"] == 1
    with in_zone_of(KIRITIMATI):
        assert stats.collect()["today"] == 0


def test_asynchronous_view_has_the_visitors_zone() -> None:
    async def view(request: HttpRequest) -> str:
        return str(timezone.get_current_timezone())

    request = HttpRequest()
    request.COOKIES = dict(KIRITIMATI)
    assert asyncio.run(visitor_time_zone(view)(request)) == "Pacific/Kiritimati"
