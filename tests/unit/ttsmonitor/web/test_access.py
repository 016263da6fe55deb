"""Access to pages, health, API and WebSockets."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from tests.support.accounts import make_user
from tests.support.web_fakes import FakeService
from ttsmonitor.models import ApiToken
from ttsmonitor.web.access import TOKEN, may_stay


def test_page_without_login_redirects_to_login_and_back(visitor: Client, parent: User) -> None:
    response = visitor.get("/", follow=True)
    assert response.redirect_chain == [("/accounts/login/?next=/", 302)]
    form = {"username": "parent", "password": "a-long-password", "next": "/"}
    assert visitor.post("/accounts/login/", form)["Location"] == "/"
    assert visitor.get("/").status_code == 200


def test_wrong_password_is_reported_and_name_kept(visitor: Client, parent: User) -> None:
    response = visitor.post("/accounts/login/", {"username": "parent", "password": "guess"})
    page = response.content.decode()
    assert "The user name and the password do not match" in page
    assert 'value="parent"' in page


def test_login_does_not_lead_to_another_site(visitor: Client, parent: User) -> None:
    form = {"username": "parent", "password": "a-long-password", "next": "https://evil.example/"}
    assert visitor.post("/accounts/login/", form)["Location"] == "/"


def test_pages_but_not_admin_are_open_without_required_login(
    visitor: Client, settings: Any
) -> None:
    settings.MOXIE_REQUIRE_LOGIN = False
    assert visitor.get("/").status_code == 200
    assert visitor.get("/api/history").status_code == 200
    assert visitor.get("/admin/ttsmirror/utterance/").status_code == 302
    assert visitor.get("/setup/")["Location"] == "/accounts/login/?next=/setup/"


def test_health_without_login_has_no_details(visitor: Client, speech: FakeService) -> None:
    assert visitor.get("/health").status_code == 200
    speech.break_check("synthesis", "could not say: mi secreto")
    response = visitor.get("/health")
    assert response.status_code == 503
    assert response.json()["ok"] is False
    broken = {name for name, check in response.json()["checks"].items() if not check["ok"]}
    assert broken == {"synthesis"}
    assert "secreto" not in response.content.decode()


def test_health_with_login_has_the_cause(browser: Client, speech: FakeService) -> None:
    speech.break_check("audio", "the device is gone")
    answer = browser.get("/health").json()
    assert answer["checks"]["audio"]["detail"] == "the device is gone"
    assert answer["checks"]["audio"]["since"] == "2026-01-02T03:04:05.000Z"


def test_health_without_service_is_503(visitor: Client) -> None:
    response = visitor.get("/health")
    assert response.status_code == 503
    assert response.json()["detail"] == "speech service not running in this process"


def test_deleted_token_is_refused(visitor: Client, parent: User) -> None:
    printed, hint = StringIO(), StringIO()
    call_command("create_api_token", "kitchen", user="parent", stdout=printed, stderr=hint)
    token = printed.getvalue().strip()
    assert token not in str(ApiToken.objects.values())
    bearer = {"authorization": f"Bearer {token}"}
    assert visitor.get("/api/stats", headers=bearer).status_code == 200
    User.objects.update(is_active=False)
    assert visitor.get("/api/stats", headers=bearer).status_code == 401
    User.objects.update(is_active=True)
    ApiToken.objects.all().delete()
    assert visitor.get("/api/stats", headers=bearer).status_code == 401


def make_token(*arguments: str) -> Client:
    """Return a program with a token made by the command."""
    printed = StringIO()
    call_command("create_api_token", *arguments, stdout=printed, stderr=StringIO())
    return Client(headers={"authorization": f"Bearer {printed.getvalue().strip()}"})


@pytest.mark.parametrize(
    ("arguments", "scopes"),
    [
        ((), "read speak control"),
        (("--scope", "control", "--scope", "read"), "read control"),
        (("--scope", "admin"), "admin"),
    ],
)
def test_command_gives_a_token_its_scopes(
    parent: User, arguments: tuple[str, ...], scopes: str
) -> None:
    make_token("kitchen", "--user", "parent", *arguments)
    assert ApiToken.objects.get().scopes == scopes
    assert ApiToken.objects.get().expires_at is None


def test_token_with_an_end_is_refused_after_it(parent: User, monitor_urls: None) -> None:
    program = make_token("guest", "--user", "parent", "--expires", "2d")
    assert program.get("/api/queue").status_code == 200
    left = ApiToken.objects.get().expires_at - timezone.now()  # type: ignore[operator]
    assert timedelta(days=1, hours=23) < left <= timedelta(days=2)
    ApiToken.objects.update(expires_at=timezone.now())
    assert program.get("/api/queue").status_code == 401


def test_last_use_is_kept_by_the_minute(parent: User, monitor_urls: None) -> None:
    program = make_token("kitchen", "--user", "parent")
    assert ApiToken.objects.get().last_used_at is None
    program.get("/api/queue")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    program.get("/api/queue")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    program.get("/api/queue")
    assert ApiToken.objects.get().last_used_at > first - timedelta(minutes=1)  # type: ignore[operator]


def test_unwritable_database_does_not_refuse_a_token(
    parent: User, monitor_urls: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(token: ApiToken) -> None:
        raise OperationalError("database is locked")

    program = make_token("kitchen", "--user", "parent")
    monkeypatch.setattr(ApiToken, "touch", fail)
    assert program.get("/api/queue").status_code == 200


@pytest.mark.parametrize("path", ["/api/queue", "/health", "/"])
def test_token_is_answered_503_while_the_database_is_away(
    visitor: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def fail(text: str) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr("ttsmonitor.web.access.find_token", fail)
    response = visitor.get(path, headers={"authorization": "Bearer any"})
    assert response.status_code == 503
    assert response.json()["error"] == "database_unavailable"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_scheme_of_a_token_is_read_as_http_says(
    parent: User, monitor_urls: None, scheme: str
) -> None:
    token = ApiToken.issue(parent, "kitchen")
    client = Client(headers={"authorization": f"{scheme} {token}"})
    assert client.get("/api/queue").status_code == 200


def test_password_of_a_proxy_is_no_token(browser: Client) -> None:
    basic = {"authorization": "Basic cGFyZW50OnNlY3JldA=="}
    assert browser.get("/api/queue", headers=basic).status_code == 200
    assert Client().get("/api/queue", headers=basic).status_code == 401


def test_token_for_an_unknown_user_is_not_made(db: Any) -> None:
    with pytest.raises(CommandError, match="no user 'ghost'"):
        call_command("create_api_token", "kitchen", user="ghost")
    with pytest.raises(CommandError, match="give a name"):
        call_command("create_api_token", "  ")


async def knock(headers: list[tuple[bytes, bytes]]) -> bool:
    """Return True if the ASGI application accepts a WebSocket with these headers."""
    from openmoxie.asgi import application

    communicator = WebsocketCommunicator(application, "/ws/monitor/", headers=headers)
    entered: bool = (await communicator.connect())[0]
    await communicator.disconnect()
    return entered


HOST = (b"host", b"localhost:8787")
HOME = (b"origin", b"http://localhost:8787")


def session_of(client: Client) -> tuple[bytes, bytes]:
    return b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()


@pytest.fixture
def cookie(transactional_db: Any, browser: Client) -> tuple[bytes, bytes]:
    return session_of(browser)


@pytest.fixture
def bearer(transactional_db: Any, parent: User) -> tuple[bytes, bytes]:
    return b"authorization", f"Bearer {ApiToken.issue(parent, 'script')}".encode()


async def test_websocket_needs_a_session(cookie: tuple[bytes, bytes]) -> None:
    assert await knock([HOST, HOME, cookie]) is True
    assert await knock([HOST, HOME]) is False
    assert await knock([HOST, HOME, (b"cookie", b"sessionid=guess")]) is False


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost",
        "http://localhost:1234",
        "https://localhost:8787",
        "http://127.0.0.1:8787",
        "http://localhost:8787.evil.example",
        "http://localhost:87870",
        "http://localhost:port",
        "http://[localhost:8787",
        "null",
        "",
    ],
)
async def test_websocket_refuses_other_pages(cookie: tuple[bytes, bytes], origin: str) -> None:
    assert await knock([HOST, (b"origin", origin.encode()), cookie]) is False


@pytest.mark.parametrize(
    ("host", "origin"),
    [("localhost", "http://localhost:80"), ("[::1]:8787", "http://[::1]:8787")],
)
async def test_websocket_accepts_pages_from_the_same_address(
    cookie: tuple[bytes, bytes], host: str, origin: str
) -> None:
    headers = [(b"host", host.encode()), (b"origin", origin.encode()), cookie]
    assert await knock(headers) is True


async def test_websocket_with_foreign_host_is_refused(settings: Any, db: Any) -> None:
    """An attacker's DNS name that resolves to this computer is refused, even with login off."""
    settings.MOXIE_REQUIRE_LOGIN = False
    stranger = (b"host", b"evil.example:8787")
    assert await knock([stranger, (b"origin", b"http://evil.example:8787")]) is False
    assert await knock([stranger]) is False


async def test_websocket_takes_programs_with_a_token(
    bearer: tuple[bytes, bytes], cookie: tuple[bytes, bytes]
) -> None:
    assert await knock([HOST, bearer]) is True
    assert await knock([HOST, HOME, bearer]) is True
    assert await knock([HOST, (b"authorization", b"Bearer guess")]) is False
    assert await knock([HOST, HOME, cookie, (b"authorization", b"Bearer guess")]) is False
    assert await knock([HOST, bearer, (b"authorization", b"Bearer guess")]) is False
    assert await knock([HOST, cookie]) is False
    assert await knock([HOST, cookie, bearer]) is True


async def test_websocket_refuses_wrong_expired_and_narrow_tokens(
    transactional_db: Any, parent: User, settings: Any
) -> None:
    past = timezone.now() - timedelta(seconds=1)
    tokens = [
        "guess",
        "",
        await sync_to_async(ApiToken.issue)(parent, "expired", expires_at=past),
        await sync_to_async(ApiToken.issue)(parent, "narrow", ["speak", "control", "admin"]),
    ]
    for settings.MOXIE_REQUIRE_LOGIN in (True, False):
        for token in tokens:
            assert await knock([HOST, (b"authorization", f"Bearer {token}".encode())]) is False


async def test_websocket_needs_a_group(transactional_db: Any, visitor: Client) -> None:
    await sync_to_async(visitor.force_login)(await sync_to_async(make_user)("guest"))
    assert await knock([HOST, HOME, session_of(visitor)]) is False


async def test_websocket_accepts_any_program_with_login_off(settings: Any, db: Any) -> None:
    settings.MOXIE_REQUIRE_LOGIN = False
    assert await knock([HOST]) is True
    assert await knock([HOST, (b"origin", b"http://localhost:1234")]) is False


def test_token_stays_while_its_use_cannot_be_stored(
    parent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(token: ApiToken) -> None:
        raise OperationalError("database is locked")

    token = ApiToken.objects.find(ApiToken.issue(parent, "a program"))
    monkeypatch.setattr(ApiToken, "touch", refuse)
    assert may_stay({TOKEN: token})
