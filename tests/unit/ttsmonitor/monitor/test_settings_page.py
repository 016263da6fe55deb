"""The list of pages with settings."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import is_valid_path

from ttsmonitor.monitor.settings_page import CARDS, Card

PAGE = "/settings/"
URLCONF = "openmoxie.urls_monitor"


def links(visitor: Client) -> set[str]:
    return {url for _card, url in visitor.get(PAGE).context["cards"]}


def test_visitor_sees_no_link_into_the_admin(browser: Client) -> None:
    found = links(browser)
    assert "/phone/" in found
    assert not [url for url in found if url.startswith("/admin/")]


def test_administrator_sees_every_page_that_exists(visitor: Client, admin_user: User) -> None:
    visitor.force_login(admin_user)
    there = {card.path for card in CARDS if card.path and is_valid_path(card.path, URLCONF)}
    admin = {"/admin/", "/admin/auth/user/", "/admin/ttsmonitor/apitoken/"}
    assert there | admin <= links(visitor)


def test_page_that_this_site_lacks_is_not_linked(browser: Client, monkeypatch: Any) -> None:
    lacking = Card("robot", "Nowhere", "", path="/nowhere/at/all/")
    monkeypatch.setattr("ttsmonitor.monitor.settings_page.CARDS", (lacking,))
    assert links(browser) == set()
