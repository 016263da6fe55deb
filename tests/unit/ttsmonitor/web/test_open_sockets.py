"""Open WebSockets end with the session or token that opened them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from tests.support.web_fakes import FakeService
from ttsmonitor.models import ApiToken
from ttsmonitor.web import open_sockets
from ttsmonitor.web.live_consumer import LOGGED_OUT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_checks")]
HOST = {"host": "localhost:8787"}
PATHS = ("/ws/monitor/", "/ws/listen/", "/ws/hive/", "/ws/loudspeaker/")
Ending = Callable[[User, Client], Any]


@pytest.fixture
def quick_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_sockets, "CHECK_SECONDS", 0.02)


def session_headers(client: Client) -> dict[str, str]:
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    return HOST | {"origin": "http://localhost:8787", "cookie": cookie}


async def opened(path: str, headers: dict[str, str]) -> Any:
    from openmoxie.asgi import application

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    page = WebsocketCommunicator(application, path, headers=raw)
    assert (await page.connect(timeout=5))[0]
    return page


async def close_code(page: Any, seconds: float = 5) -> int:
    """Return the code with which the server closes the socket."""
    while (message := await page.receive_output(seconds))["type"] != "websocket.close":
        pass
    await page.disconnect()
    return int(message["code"])


async def is_open(page: Any) -> bool:
    """Return True if the socket survives several checks."""
    try:
        return await close_code(page, 0.3) == 0
    except TimeoutError:
        return True


def log_out(user: User, client: Client) -> None:
    client.post("/accounts/logout/")


def log_out_on_the_other_site(user: User, client: Client) -> None:
    """Delete the sessions as another process does: only the database tells of it."""
    Session.objects.all().delete()


def change_password(user: User, client: Client) -> None:
    user.set_password("another-long-password")
    user.save()


def deactivate(user: User, client: Client) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def delete(user: User, client: Client) -> None:
    user.delete()


def expire(user: User, client: Client) -> None:
    Session.objects.update(expire_date=timezone.now())


def leave_the_groups(user: User, client: Client) -> None:
    user.groups.clear()


@pytest.mark.parametrize(
    "end",
    [
        log_out,
        log_out_on_the_other_site,
        change_password,
        deactivate,
        delete,
        expire,
        leave_the_groups,
    ],
)
async def test_socket_is_closed_when_its_session_ends(
    browser: Client, parent: User, speech: FakeService, end: Ending
) -> None:
    page = await opened("/ws/monitor/", session_headers(browser))
    await sync_to_async(end)(parent, browser)
    assert await close_code(page) == LOGGED_OUT


@pytest.mark.parametrize("path", PATHS)
async def test_every_kind_of_socket_is_closed_at_logout(
    browser: Client, speech: FakeService, path: str
) -> None:
    page = await opened(path, session_headers(browser))
    await sync_to_async(log_out)(None, browser)  # type: ignore[arg-type]
    assert await close_code(page) == LOGGED_OUT


@pytest.mark.parametrize("change", ["revoked", "expired", "inactive", "narrowed"])
async def test_socket_is_closed_when_its_token_ends(
    parent: User, speech: FakeService, change: str
) -> None:
    token = await sync_to_async(ApiToken.issue)(parent, "display")
    page = await opened("/ws/monitor/", HOST | {"authorization": f"Bearer {token}"})
    tokens = ApiToken.objects.all()
    if change == "revoked":
        await tokens.adelete()
    elif change == "expired":
        await tokens.aupdate(expires_at=timezone.now())
    elif change == "inactive":
        await User.objects.aupdate(is_active=False)
    else:
        await tokens.aupdate(scopes="speak control")
    assert await close_code(page) == LOGGED_OUT


async def test_socket_of_another_session_or_token_stays_open(
    browser: Client, parent: User, speech: FakeService
) -> None:
    other = Client()
    await sync_to_async(other.force_login)(parent)
    token = await sync_to_async(ApiToken.issue)(parent, "display")
    leaving = await opened("/ws/monitor/", session_headers(browser))
    staying = await opened("/ws/monitor/", session_headers(other))
    display = await opened("/ws/monitor/", HOST | {"authorization": f"Bearer {token}"})
    await sync_to_async(log_out)(parent, browser)
    assert await close_code(leaving) == LOGGED_OUT
    assert await is_open(staying)
    assert await is_open(display)


async def test_socket_outlives_a_database_that_is_away(
    browser: Client, speech: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await opened("/ws/monitor/", session_headers(browser))
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail(scopes: Any) -> Any:
        loop.call_soon_threadsafe(asked.set)
        raise OperationalError("the database is away")

    with monkeypatch.context() as away:
        away.setattr(open_sockets, "_ended", fail)
        await asyncio.wait_for(asked.wait(), 5)
    await sync_to_async(log_out)(None, browser)  # type: ignore[arg-type]
    assert await close_code(page) == LOGGED_OUT


async def test_socket_with_login_off_needs_no_session(settings: Any, speech: FakeService) -> None:
    settings.MOXIE_REQUIRE_LOGIN = False
    page = await opened("/ws/monitor/", HOST)
    assert await is_open(page)


async def test_use_of_an_open_socket_keeps_the_token_in_use(
    parent: User, speech: FakeService
) -> None:
    token = await sync_to_async(ApiToken.issue)(parent, "display")
    page = await opened("/ws/monitor/", HOST | {"authorization": f"Bearer {token}"})
    long_ago = timezone.now() - timedelta(hours=1)
    await ApiToken.objects.aupdate(last_used_at=long_ago)
    assert await is_open(page)
    known = await ApiToken.objects.aget()
    assert known.last_used_at is not None
    assert known.last_used_at > long_ago
