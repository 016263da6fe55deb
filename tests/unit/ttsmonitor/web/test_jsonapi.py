"""Errors under /api/ are JSON with a code and a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client

from ttsmonitor.monitor import snapshot


@pytest.fixture(params=["openmoxie.urls", "openmoxie.urls_monitor"])
def site(request: pytest.FixtureRequest, browser: Client, settings: Any) -> Client:
    """Return a logged-in client, for each of the two sites."""
    settings.ROOT_URLCONF = request.param
    return browser


@pytest.mark.parametrize("debug", [False, True])
def test_unknown_address_is_json_under_api_and_a_page_elsewhere(
    site: Client, settings: Any, debug: bool
) -> None:
    settings.DEBUG = debug
    response = site.get("/api/nothing/here")
    assert (response.status_code, response.json()["error"]) == (404, "not_found")
    assert response.json()["detail"]
    page = site.get("/nothing/here")
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")


NUL_PATHS = {
    "openmoxie.urls": ["/puppet/%00/", "/api/robots/%00", "/chat/?module=%00", "/history/?q=a%00"],
    "openmoxie.urls_monitor": ["/?q=%00", "/api/history?device_id=%00", "/api/stats/series?%00=1"],
}


@pytest.mark.parametrize(
    ("urlconf", "path"), [(urlconf, path) for urlconf in NUL_PATHS for path in NUL_PATHS[urlconf]]
)
def test_address_with_a_nul_is_not_found(
    browser: Client, settings: Any, urlconf: str, path: str
) -> None:
    settings.ROOT_URLCONF = urlconf
    response = browser.get(path)
    assert response.status_code == 404
    if path.startswith("/api/"):
        assert response.json()["error"] == "not_found"
    else:
        assert response.templates[0].name == "404.html"


def test_unknown_address_is_401_without_login(visitor: Client) -> None:
    assert visitor.get("/api/nothing").status_code == 401


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (ValueError("secret"), 500, "internal_error"),
        (Http404("secret"), 404, "not_found"),
        (PermissionDenied("secret"), 403, "forbidden"),
    ],
)
def test_exception_in_an_endpoint_is_answered_in_json(
    browser: Client, monkeypatch: pytest.MonkeyPatch, failure: Exception, status: int, code: str
) -> None:
    def fail() -> None:
        raise failure

    monkeypatch.setattr(snapshot, "status", fail)
    response = browser.get("/api/status")
    assert (response.status_code, response.json()["error"]) == (status, code)
    assert response["Cache-Control"] == "no-store"
    assert "secret" not in response.json()["detail"]


def test_exception_in_middleware_is_answered_in_json(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("secret")

    monkeypatch.setattr("ttsmonitor.web.access.AccessMiddleware.process_request", fail)
    site.raise_request_exception = False
    response = site.get("/api/anything")
    assert (response.status_code, response.json()["error"]) == (500, "internal_error")
    assert site.get("/")["Content-Type"] == "text/html; charset=utf-8"


def test_foreign_host_is_400_in_json(site: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["moxie.example"]
    response = site.get("/api/anything")
    assert (response.status_code, response.json()["error"]) == (400, "bad_request")
