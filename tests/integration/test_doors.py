"""The doors of the real processes, over real HTTP and WebSockets."""

from __future__ import annotations

import asyncio
import http.client
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
import websockets

from tests.support.tools import free_port, manage, run, running
from ttsmonitor.web.limited_request import BODY_BYTES

MAKE_KEYS = """
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from hive.process.account import make_account, one_time_link
from ttsmonitor.models import ApiToken, Scope
print("password", make_account())
print("link", one_time_link(0))
keeper = User.objects.get()
past = timezone.now() - timedelta(seconds=1)
for name, scopes, end in (
    ("whole", Scope, None), ("reading", ["read"], None), ("speaking", ["speak"], None),
    ("expired", Scope, past), ("revoked", Scope, None),
):
    print(name, ApiToken.issue(keeper, name, scopes, end))
ApiToken.objects.get(name="revoked").delete()
"""
REVOKE = "from ttsmonitor.models import ApiToken; ApiToken.objects.get(name='whole').delete()"
LOGIN = "/accounts/login/"


@dataclass
class Doors:
    """Hive and speech service of one installation, with their keys."""

    ports: dict[str, int]
    keys: dict[str, str]
    """Password and link of the account, and tokens by their names."""
    environment: dict[str, str]

    def ask(
        self,
        path: str,
        headers: dict[str, str],
        method: str = "GET",
        body: str = "",
        site: str = "",
    ) -> tuple[int, str, str]:
        """Return status, cookies and page."""
        connection = http.client.HTTPConnection("localhost", self.ports[site or "hive"], timeout=20)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        cookies = "; ".join(
            value.partition(";")[0] for name, value in answer.getheaders() if name == "Set-Cookie"
        )
        found = answer.status, cookies, answer.read().decode()
        connection.close()
        return found

    def with_token(self, path: str, token: str, method: str = "GET", site: str = "") -> int:
        return self.ask(path, self.bearer(token), method, "{}" if method == "POST" else "", site)[0]

    def bearer(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys.get(token, token)}"}

    def log_in(self, password: str) -> tuple[int, str]:
        """Post the login form as a browser does; return status and cookies."""
        cookies = self.ask(LOGIN, {})[1]
        csrf = cookies.partition("csrftoken=")[2].partition(";")[0]
        form = {"username": "moxie", "password": password, "csrfmiddlewaretoken": csrf}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies}
        return self.ask(LOGIN, headers, "POST", urlencode(form))[:2]

    def connect(self, headers: dict[str, str], path: str = "/ws/monitor/") -> websockets.connect:
        url = f"ws://localhost:{self.ports['monitor']}{path}"
        return websockets.connect(url, additional_headers=headers)

    async def refusal(self, headers: dict[str, str]) -> int:
        """Return the status with which a WebSocket is refused; 101 if it is opened."""
        try:
            async with self.connect(headers):
                return 101
        except websockets.InvalidStatus as exc:
            return exc.response.status_code


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Run hive and speech service, without a broker."""
    ports = {"hive": free_port(), "monitor": free_port()}
    environment = {
        "MOXIE_WORK_DIR": str(tmp_path_factory.mktemp("doors") / "work"),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
        "MQTT_PORT": str(free_port()),
        "HIVE_PORT": str(ports["hive"]),
        "HTTP_PORT": str(ports["monitor"]),
        "TTS_ENGINE": "espeak",
        "TTS_AUDIO": "null",
    }
    run(manage("prepare", "--no-account"), environment)
    printed = run(manage("shell", "-v0", "-c", MAKE_KEYS), environment)
    keys = dict(line.split() for line in printed.splitlines() if len(line.split()) == 2)
    keys["link"] = keys["link"].removeprefix("http://localhost:0")
    with (
        running(manage("run_hive"), environment) as hive,
        running(manage("run_tts_subscriber"), environment) as speech,
    ):
        hive.wait_for_line("ready at")
        speech.wait_for_line("http://localhost")
        yield Doors(ports, keys, environment)


@pytest.mark.parametrize("token", ["guess", "expired", "revoked"])
def test_refused_token_opens_nothing(doors: Doors, token: str) -> None:
    for path in ("/api/robots", "/", "/admin/", "/health", LOGIN):
        assert doors.with_token(path, token) == 401
    assert doors.with_token("/api/loudspeaker/speak", token, "POST") == 401
    assert doors.with_token("/api/say", token, "POST", "monitor") == 401
    assert asyncio.run(doors.refusal(doors.bearer(token))) == 403


def test_narrow_token_opens_what_it_names(doors: Doors) -> None:
    assert doors.with_token("/api/status", "reading", site="monitor") == 200
    assert doors.with_token("/api/say", "reading", "POST", "monitor") == 403
    assert doors.with_token("/api/status", "speaking", site="monitor") == 403
    assert doors.with_token("/api/say", "speaking", "POST", "monitor") == 400
    assert doors.with_token("/admin/", "whole") == 403
    assert asyncio.run(doors.refusal(doors.bearer("speaking"))) == 403
    assert asyncio.run(doors.refusal(doors.bearer("reading"))) == 101


def test_link_logs_in_once_on_this_computer(doors: Doors) -> None:
    link = doors.keys["link"]
    assert doors.ask(link, {"X-Forwarded-For": "127.0.0.1"})[0] == 403
    status, cookies, _page = doors.ask(link, {})
    assert (status, "sessionid=" in cookies) == (302, True)
    assert doors.ask("/", {"Cookie": cookies})[0] == 200
    status, cookies, page = doors.ask(link, {"Accept-Language": "es"})
    assert (status, "sessionid=" in cookies) == (410, False)
    assert "Este enlace ya se usó" in page


async def test_foreign_page_cannot_use_a_session(doors: Doors) -> None:
    status, cookies = doors.log_in(doors.keys["password"])
    assert status == 302
    home = f"http://localhost:{doors.ports['monitor']}"
    assert await doors.refusal({"Cookie": cookies, "Origin": home}) == 101
    for origin in ("https://evil.example", f"http://127.0.0.1:{doors.ports['monitor']}", "null"):
        assert await doors.refusal({"Cookie": cookies, "Origin": origin}) == 403
        headers = {"Cookie": cookies, "Origin": origin, "Content-Type": "application/json"}
        assert doors.ask("/api/loudspeaker/speak", headers, "POST", '{"text": "Hola"}')[0] == 403


async def test_logout_at_the_hive_closes_sockets_at_the_monitor(doors: Doors) -> None:
    _status, cookies = doors.log_in(doors.keys["password"])
    home = f"http://localhost:{doors.ports['monitor']}"
    async with doors.connect({"Cookie": cookies, "Origin": home}) as page:
        await asyncio.wait_for(page.recv(), 10)
        csrf = cookies.partition("csrftoken=")[2].partition(";")[0]
        headers = {"Cookie": cookies, "X-CSRFToken": csrf}
        assert doors.ask("/accounts/logout/", headers, "POST")[0] == 200
        with pytest.raises(websockets.ConnectionClosed):
            while True:
                await asyncio.wait_for(page.recv(), 10)
        assert page.close_code == 4401


async def test_revoked_token_closes_its_sockets(doors: Doors) -> None:
    async with doors.connect(doors.bearer("whole"), "/ws/listen/") as page:
        await asyncio.wait_for(page.recv(), 10)
        await asyncio.to_thread(run, manage("shell", "-v0", "-c", REVOKE), doors.environment)
        with pytest.raises(websockets.ConnectionClosed):
            while True:
                await asyncio.wait_for(page.recv(), 10)
        assert page.close_code == 4401


@pytest.mark.parametrize("length", ["Content-Length: 999999999", "Transfer-Encoding: chunked"])
def test_endless_body_ends_its_connection(doors: Doors, length: str) -> None:
    """Nobody has to log in to send one, and the server would keep all of it."""
    head = f"POST {LOGIN} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n"
    part = b"100000\r\n" + b"x" * 1024**2 + b"\r\n"
    with socket.create_connection(("localhost", doors.ports["hive"]), 20) as connection:
        connection.sendall(head.encode())
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(4 * BODY_BYTES // len(part)):
                connection.sendall(part)


def test_brute_force_is_stopped_for_all_processes(doors: Doors) -> None:
    """The last of these tests: it changes the password."""
    assert [doors.log_in(f"guess{number}")[0] for number in range(6)] == [200] * 4 + [429] * 2
    assert doors.log_in(doors.keys["password"])[0] == 429
    run(manage("reset_password"), doors.environment)
    assert doors.log_in(doors.keys["password"])[0] == 200
