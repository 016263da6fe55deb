"""Open on your phone: an administrator opens the pages, everyone gets address and QR code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ttsmonitor.models import ApiToken
from ttsmonitor.system.commands import MANAGE
from ttsmonitor.web import home_certificate, home_network
from ttsmonitor.web.qr_code import qr_code

HOME = "192.168.1.20"
PAGE, SWITCH = "/phone/", "/phone/open/"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """Be in a home network, and close it again afterwards."""
    monkeypatch.setattr(home_network, "home_address", lambda: HOME)
    settings.ALLOWED_HOSTS = ["localhost", "testserver"]
    yield
    home_network.choose("")


@pytest.fixture
def follow(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow the address as the web server does."""

    def apply() -> str:
        settings.ALLOWED_HOSTS = [
            "localhost",
            "testserver",
            *[HOME] * bool(home_network.chosen_scheme()),
        ]
        return ""

    monkeypatch.setattr(home_network, "_appliers", [apply])


@pytest.fixture
def admin(visitor: Client, admin_user: User) -> Client:
    visitor.force_login(admin_user)
    visitor.defaults["HTTP_HOST"] = "localhost:8787"
    return visitor


def test_pages_are_closed_until_somebody_opens_them(admin: Client) -> None:
    page = admin.get(PAGE).content.decode()
    assert "Open to the home network" in page
    assert HOME not in page
    assert not home_network.chosen_scheme()


@pytest.mark.usefixtures("follow")
def test_one_click_shows_address_and_qr_code(admin: Client) -> None:
    page = admin.post(SWITCH, {"open": "1"}, follow=True).content.decode()
    assert f'href="http://{HOME}:8787/"' in page
    assert qr_code(f"http://{HOME}:8787/") in page
    page = admin.post(SWITCH, {"open": "0"}, follow=True).content.decode()
    assert "qr-code" not in page
    assert not home_network.chosen_scheme()


@pytest.mark.usefixtures("follow")
def test_phone_sees_the_address_that_it_uses(browser: Client) -> None:
    home_network.choose("http")
    page = browser.get(PAGE, headers={"host": f"{HOME}:8787"}).content.decode()
    assert qr_code(f"http://{HOME}:8787/") in page
    assert "Close to the home network" not in page


def test_other_users_cannot_open_the_pages(browser: Client) -> None:
    page = browser.get(PAGE, headers={"host": "localhost:8787"}).content.decode()
    assert "Whoever administers Moxie" in page
    assert browser.post(SWITCH, {"open": "1"}).status_code == 403
    assert not home_network.chosen_scheme()


def test_visitor_without_login_cannot_open_the_pages(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert visitor.post(SWITCH, {"open": "1"}).status_code == 302
    monkeypatch.setenv("MOXIE_REQUIRE_LOGIN", "0")
    assert visitor.post(SWITCH, {"open": "1"}).status_code == 403
    assert not home_network.chosen_scheme()


def test_token_cannot_open_the_pages(visitor: Client, admin_user: User) -> None:
    headers = {"authorization": f"Bearer {ApiToken.issue(admin_user, 'program')}"}
    assert visitor.post(SWITCH, {"open": "1"}, headers=headers).status_code == 403
    assert not home_network.chosen_scheme()


@pytest.mark.usefixtures("follow")
def test_administrator_behind_a_proxy_with_a_password_opens_the_pages(admin: Client) -> None:
    admin.post(SWITCH, {"open": "1"}, headers={"authorization": "Basic cHJveHk6cHc="})
    assert home_network.chosen_scheme() == "http"


def test_other_site_cannot_open_the_pages(admin_user: User, monitor_urls: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.post(SWITCH, {"open": "1"}).status_code == 403
    assert not home_network.chosen_scheme()


@pytest.mark.usefixtures("follow")
def test_certificate_is_offered_where_wanted(admin: Client) -> None:
    assert admin.get("/phone/certificate/").status_code == 404
    home_certificate.tls_options(home_network.certificates(), HOME)
    page = admin.post(SWITCH, {"open": "1", "encrypted": "1"}, follow=True).content.decode()
    assert f'href="https://{HOME}:8787/"' in page
    assert 'href="/phone/certificate/"' in page
    answer = admin.get("/phone/certificate/")
    assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
    assert answer.content.startswith(b"-----BEGIN CERTIFICATE-----")
    assert b"PRIVATE" not in answer.content


def test_other_network_is_told(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    home_network.choose("http")
    monkeypatch.setattr(home_network, "home_address", lambda: "10.0.0.7")
    page = admin.get(PAGE).content.decode()
    assert "opened on another network" in page
    assert "10.0.0.7" not in page


def test_obstacle_is_shown(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_network, "_appliers", [lambda: "port 8787 is taken"])
    page = admin.post(SWITCH, {"open": "1"}, follow=True).content.decode()
    assert "The pages cannot be opened: port 8787 is taken" in page


def test_choice_that_cannot_be_stored_is_shown(
    admin: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(home_network, "_path", lambda: tmp_path / "missing" / "file")
    page = admin.post(SWITCH, {"open": "1"}, follow=True).content.decode()
    assert "cannot be written" in page


def test_computer_without_home_network_is_told(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home_network, "home_address", lambda: "")
    page = admin.get(PAGE).content.decode()
    assert "not on a home network right now" in page
    assert "Open to the home network" not in page


def test_container_page_names_its_settings(
    admin: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    monkeypatch.setenv(MANAGE, "docker compose exec tts python manage.py")
    monkeypatch.setenv("HTTP_HOST", "0.0.0.0")
    page = admin.get(PAGE).content.decode()
    assert "ALLOWED_HOSTS=localhost,192.168.1.20" in page
    assert "Open to the home network" not in page


def test_address_of_the_settings_is_shown(
    admin: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", ".example", "*", "moxie.local"]
    monkeypatch.setenv("HTTP_HOST", "0.0.0.0")
    assert qr_code("http://moxie.local:8787/") in admin.get(PAGE).content.decode()


def test_open_pages_without_login_are_warned_of(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOXIE_REQUIRE_LOGIN", "0")
    assert "MOXIE_REQUIRE_LOGIN=0 is set" in admin.get(PAGE).content.decode()


def test_qr_code_has_no_inline_style() -> None:
    assert re.findall(r" (\w+)=", qr_code("http://192.168.1.20:8000/")) == [
        "viewBox",
        "class",
        "fill",
        "d",
        "stroke",
        "d",
    ]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "This address is not allowed"), ("es", "Esta dirección no está permitida")],
)
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/phone/", "/nowhere"])
def test_foreign_address_gets_a_page_with_the_remedy(
    visitor: Client, path: str, language: str, words: str
) -> None:
    headers = {"host": "rebound.example", "accept-language": language}
    answer = visitor.get(path, headers=headers)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert words in page
    assert f'lang="{language}"' in page
    assert "ALLOWED_HOSTS" in page
    assert not any(
        each in page for each in ("rebound", "localhost:", "testserver", "csrf", "Moxie")
    )
    assert "set-cookie" not in {name.lower() for name in answer.headers}
    assert not answer.cookies


def test_foreign_address_gets_json_from_the_api(visitor: Client) -> None:
    answer = visitor.get("/api/status", headers={"host": "rebound.example"})
    assert answer.status_code == 400
    assert answer.json()["error"] == "bad_request"
