"""The list of pages with settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client
from django.urls import is_valid_path

from hive.models import Robot
from tests.support.accounts import make_user
from tests.support.web_fakes import utterance
from ttsmirror.reasons import Reason
from ttsmonitor.history.robot_names import robot_names
from ttsmonitor.models import Household
from ttsmonitor.monitor.settings_page import CARDS, Card
from ttsmonitor.system.private_files import write_private

PAGE = "/settings/"
BACKUP = "/settings/backup/"
ROBOTS = "/settings/robots/"
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


def test_names_and_time_zone_are_saved(visitor: Client, admin_user: User) -> None:
    visitor.force_login(admin_user)
    Robot.objects.create(device_id="d_ours")
    utterance("Hola", device_id="d_openmoxie")
    utterance("Hola", device_id="page_0123456789abcdef")
    page = visitor.get(ROBOTS).content.decode()
    assert "name-d_openmoxie" in page
    assert "name-page_" not in page
    names = {"name-d_ours": " Luna ", "name-d_openmoxie": "Sol", "time_zone": "America/Bogota"}
    assert visitor.post(f"{ROBOTS}save/", names).status_code == 302
    assert Robot.objects.get().name == "Luna"
    assert robot_names.label("d_openmoxie") == "Sol"
    assert Household.zone() == "America/Bogota"


def test_wrong_time_zone_changes_nothing(visitor: Client, admin_user: User) -> None:
    visitor.force_login(admin_user)
    assert visitor.post(f"{ROBOTS}save/", {"time_zone": "Mars"}).status_code == 400
    assert not Household.objects.exists()


def test_only_an_administrator_names_robots(browser: Client) -> None:
    assert "disabled" in browser.get(ROBOTS).content.decode()
    assert browser.post(f"{ROBOTS}save/", {}).status_code == 403


@pytest.fixture
def nightly(settings: Any, tmp_path: Path) -> Path:
    """Return a nightly backup."""
    settings.WORK_DIR = tmp_path
    path = tmp_path / "backups" / "moxie-20260115-030000.zip"
    path.parent.mkdir()
    path.write_bytes(b"backup" * 400_000)
    return path


def downloaded(visitor: Client) -> tuple[int, bytes]:
    response: Any = visitor.get(BACKUP)
    if not response.streaming:
        return response.status_code, b""

    async def read() -> bytes:
        return b"".join([block async for block in response])

    return response.status_code, async_to_sync(read)()


def test_page_says_when_the_last_backup_was_made(
    visitor: Client, admin_user: User, nightly: Path
) -> None:
    visitor.force_login(admin_user)
    page = visitor.get(PAGE).content.decode()
    assert "Last backup: " in page
    assert f'href="{BACKUP}"' in page
    assert downloaded(visitor) == (200, nightly.read_bytes())
    write_private(nightly.parent / "failure.json", json.dumps(Reason("full").as_json()).encode())
    nightly.unlink()
    page = visitor.get(PAGE).content.decode()
    assert "The nightly backup failed:</span> full" in page
    assert "No backup yet" in page
    assert downloaded(visitor) == (404, b"")


def test_backup_is_for_those_who_may_change_accounts(visitor: Client, nightly: Path) -> None:
    visitor.force_login(make_user("keeper", "administer"))
    page = visitor.get(PAGE).content.decode()
    assert "Last backup" in page
    assert BACKUP not in page
    assert downloaded(visitor) == (403, b"")
