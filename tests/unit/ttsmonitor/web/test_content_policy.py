"""The Content-Security-Policy of every answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support.accounts import make_user


def policy(response: Any) -> dict[str, list[str]]:
    parts = (each.split() for each in response["Content-Security-Policy"].split("; "))
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/api/", 200),
        ("/api/robots", 200),
        ("/admin/", 200),
        ("/nowhere/", 404),
        ("/api/nowhere", 404),
        ("/accounts/once/guess/", 403),
    ],
)
def test_every_answer_forbids_inline_code(db: Any, path: str, status: int) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("keeper"))
    response = client.get(path)
    assert response.status_code == status
    found = policy(response)
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "'nonce" not in response["Content-Security-Policy"]
    assert found["default-src"] == ["'self'"]
    assert not {"script-src", "style-src"} & found.keys(), "the default counts"
    assert found["object-src"] == found["base-uri"] == found["frame-ancestors"] == ["'none'"]
    assert found["form-action"] == ["'self'", "http://testserver:8787"]  # the login leads there


@pytest.mark.parametrize(
    ("host", "headers", "socket", "monitor"),
    [
        ("localhost:8000", {}, "ws://localhost:8000", "http://localhost:8787"),
        ("moxie.example", {}, "ws://moxie.example", "http://moxie.example:8787"),
        ("[::1]:8000", {}, None, None),
        ("other.example", {}, None, None),
        ("other.example; script-src *", {}, None, None),
    ],
)
def test_policy_names_the_sites_on_the_visitors_host(
    db: Any,
    settings: Any,
    host: str,
    headers: dict[str, str],
    socket: str | None,
    monitor: str | None,
) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "moxie.example", "[::1]"]
    found = policy(Client(HTTP_HOST=host).get("/accounts/login/", headers=headers))
    assert found["connect-src"] == ["'self'", *filter(None, [socket])]
    assert found["media-src"] == found["form-action"] == ["'self'", *filter(None, [monitor])]
    assert "script-src" not in found


def test_refusals_are_pages_without_inline_code(db: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("guest"))
    for response in (client.get("/"), client.post("/i18n/setlang/")):
        assert response.status_code == 403
        page = response.content.decode()
        assert "login-card" in page, "one of our own pages"
        assert "<style" not in page
