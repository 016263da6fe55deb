"""A click opens the pages of a real hive to the home network; before, nobody there reaches them."""

from __future__ import annotations

import http.client
import json
import socket
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
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Return status and text of the answer."""
        headers = {"Cookie": self.cookie}
        body = None
        if form is not None:
            body = urlencode(form | {"csrfmiddlewaretoken": self.cookies["csrftoken"]})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=10)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _equals, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            return answer.status, answer.read().decode()

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def log_in(self) -> None:
        self.ask("GET", "/accounts/login/")
        form = {"username": "parent", "password": "a-long-password"}
        assert self.ask("POST", "/accounts/login/", form)[0] == 302

    def set_open(self, is_open: bool) -> None:
        self.ask("GET", "/phone/")
        assert self.ask("POST", "/phone/open/", {"open": str(int(is_open))})[0] == 302


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
    local, phone = Visitor("localhost", port), Visitor(home, port)
    local.log_in()
    local.set_open(True)
    assert f"http://{home}:{port}/" in local.ask("GET", "/phone/")[1]

    assert phone.ask("GET", "/")[0] == 302  # to the login
    phone.log_in()
    assert phone.ask("GET", "/")[0] == 200
    page = connect(
        f"ws://{home}:{port}/ws/hive/",
        origin=Origin(f"http://{home}:{port}"),
        additional_headers={"Cookie": phone.cookie},
    )
    with closing(page):
        assert json.loads(page.recv(10))
        local.set_open(False)
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
