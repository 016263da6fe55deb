"""A click opens the pages of a real hive to the home network; before, nobody there reaches them."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.support.tools import manage, run, running, wait_until
from ttsmonitor.web.home_network import OPEN_FILE, home_address

ACCOUNT = """
from django.contrib.auth.models import User
User.objects.create_superuser("parent", password="a-long-password")
"""

pytestmark = pytest.mark.skipif(not home_address(), reason="this computer is in no home network")


@dataclass
class Visitor:
    """A browser at one address of the hive, with its cookies."""

    host: str
    port: int
    trusted: ssl.SSLContext | None = None
    """The authority that the browser trusts; without one it speaks HTTP."""
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Return status and text of the answer."""
        headers = {"Cookie": self.cookie}
        body = None
        if form is not None:
            body = urlencode(form | {"csrfmiddlewaretoken": self.cookies["csrftoken"]})
            headers["Referer"] = f"https://{self.host}:{self.port}{path}"
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(self._connection()) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _equals, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            return answer.status, answer.read().decode()

    def _connection(self) -> http.client.HTTPConnection:
        if self.trusted is None:
            return http.client.HTTPConnection(self.host, self.port, timeout=10)
        return http.client.HTTPSConnection(self.host, self.port, timeout=10, context=self.trusted)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def log_in(self) -> None:
        self.ask("GET", "/accounts/login/")
        form = {"username": "parent", "password": "a-long-password"}
        assert self.ask("POST", "/accounts/login/", form)[0] == 302

    def choose(self, **form: str) -> None:
        self.ask("GET", "/phone/")
        assert self.ask("POST", "/phone/open/", form)[0] == 302


def reaches(host: str, port: int) -> bool:
    """Return True if something accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


@pytest.fixture
def home() -> str:
    return home_address()


@pytest.fixture
def environment(install: Callable[..., dict[str, str]]) -> dict[str, str]:
    return install(DEBUG="1")  # needs no collected static files


@pytest.fixture
def port(environment: dict[str, str]) -> Iterator[int]:
    """Run a hive, and return its port."""
    with running(manage("run_hive"), environment) as hive:
        hive.wait_for_line("hive ready")
        yield int(environment["HIVE_PORT"])


def test_one_click_lets_the_home_network_in_and_out(
    environment: dict[str, str], port: int, home: str
) -> None:
    run(manage("shell", "-v0", "-c", ACCOUNT), environment)
    assert not reaches(home, port)
    local = Visitor("localhost", port)
    local.log_in()
    local.choose(open="1", encrypted="1")
    assert f"https://{home}:{port}/" in local.ask("GET", "/phone/")[1]

    trusted = ssl.create_default_context(cadata=local.ask("GET", "/phone/certificate/")[1])
    phone = Visitor(home, port, trusted)
    assert phone.ask("GET", "/")[0] == 302  # to the login
    phone.log_in()
    assert phone.ask("GET", "/")[0] == 200
    page = connect(
        f"wss://{home}:{port}/ws/hive/",
        origin=Origin(f"https://{home}:{port}"),
        ssl=trusted,
        additional_headers={"Cookie": phone.cookie},
    )
    with closing(page):
        assert json.loads(page.recv(10))
        local.choose(open="0")
        assert not reaches(home, port)
        with pytest.raises(ConnectionClosed):
            while True:
                page.recv(10)
    assert local.ask("GET", "/")[0] == 200


def test_choice_of_another_process_is_followed(
    environment: dict[str, str], port: int, home: str
) -> None:
    choice = Path(environment["MOXIE_WORK_DIR"]) / OPEN_FILE
    choice.touch()
    wait_until(lambda: reaches(home, port), "the open pages")
    with closing(http.client.HTTPConnection(home, port, timeout=10)) as connection:
        connection.request("GET", "/", headers={"Host": "rebound.example"})
        assert connection.getresponse().status == 400
    choice.unlink()
    wait_until(lambda: not reaches(home, port), "the closed pages")
