"""Django settings that depend on environment variables."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.test import Client

from openmoxie import environment
from tests.settings import RUN
from tests.support.accounts import make_user
from tests.support.tools import ROOT

SETTINGS = str(ROOT / "site/openmoxie/settings.py")
ORIGIN = "https://moxie.example:8787"
PROXIED = {"host": "moxie.example:8787", "origin": ORIGIN, "x-forwarded-proto": "https"}
NAMES = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "SECURE_PROXY_SSL_HEADER")


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Use the settings of a site behind a TLS proxy."""
    monkeypatch.setenv("ALLOWED_HOSTS", "localhost,moxie.example")
    monkeypatch.setenv("CSRF_TRUSTED_ORIGINS", f" {ORIGIN}, https://*.home.example")
    wired = runpy.run_path(SETTINGS)
    for name in NAMES:
        setattr(settings, name, wired[name])
    settings.ROOT_URLCONF = "openmoxie.urls_monitor"


def log_in(headers: dict[str, str]) -> Client:
    """Log in with the form, like a browser."""
    make_user("parent", "speak")
    client = Client(enforce_csrf_checks=True, headers=headers)
    assert client.get("/accounts/login/").status_code == 200
    form = {
        "username": "parent",
        "password": "a-long-password",
        "csrfmiddlewaretoken": client.cookies["csrftoken"].value,
    }
    client.post("/accounts/login/", form)
    return client


async def open_socket(client: Client, headers: dict[str, str]) -> bool:
    from openmoxie.asgi import application

    cookie = {"cookie": f"sessionid={client.cookies['sessionid'].value}"}
    raw = [(name.encode(), value.encode()) for name, value in (headers | cookie).items()]
    communicator = WebsocketCommunicator(application, "/ws/monitor/", headers=raw)
    entered: bool = (await communicator.connect())[0]
    await communicator.disconnect()
    return entered


def test_tls_header_is_ignored_without_a_proxy() -> None:
    wired = runpy.run_path(SETTINGS)
    assert wired["CSRF_TRUSTED_ORIGINS"] == []
    assert "SECURE_PROXY_SSL_HEADER" not in wired


@pytest.mark.django_db
@pytest.mark.usefixtures("proxy")
def test_people_log_in_through_a_proxy_with_tls() -> None:
    client = log_in(PROXIED)
    page = client.get("/").content.decode()
    assert 'href="https://moxie.example:8000/"' in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("proxy")
@pytest.mark.parametrize(
    ("changed", "is_let_in"),
    [
        ({}, True),
        ({"host": "moxie.example"}, True),
        ({"origin": "https://blue.home.example"}, True),
        ({"origin": "http://moxie.example:8787"}, False),
        ({"origin": "https://home.example.evil.example"}, False),
    ],
)
async def test_sockets_open_through_a_proxy_with_tls(
    changed: dict[str, str], is_let_in: bool
) -> None:
    from asgiref.sync import sync_to_async

    client = await sync_to_async(log_in)(PROXIED)
    assert await open_socket(client, PROXIED | changed) is is_let_in


def test_test_run_leaves_no_files_after_worker_crash(tmp_path: Path) -> None:
    worker = "import os, tests.settings; os._exit(0)"
    first = f"import os, subprocess, sys, tests.settings as made; print(made.WORK); \
subprocess.run([sys.executable, '-c', {worker!r}], check=True); sys.exit(3)"
    environment = {name: value for name, value in os.environ.items() if name != RUN}
    ended = subprocess.run(
        [sys.executable, "-c", first],
        cwd=ROOT,
        env=environment | {"TMPDIR": str(tmp_path), "PYTHONPATH": "site"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert ended.returncode == 3
    assert ended.stdout.startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("query", "seconds"), [("", 3), ("?connect_timeout=10", 10)])
def test_postgresql_connection_times_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, query: str, seconds: int
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgres://moxie@db.example/moxie{query}")
    options = environment.database(tmp_path)["OPTIONS"]
    assert int(options["connect_timeout"]) == seconds
    assert options["tcp_user_timeout"] == 5_000
