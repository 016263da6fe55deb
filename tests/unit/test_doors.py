"""Every address of both sites is shut without a key, with a wrong one and with a too narrow one.

Addresses are found by the URL patterns, so new ones are covered.
"""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tests.support.accounts import make_user
from tests.support.openapi import Described
from tests.support.pages import URLCONFS, UTTERANCE_ID, paths
from ttsmonitor.models import ApiToken, Scope

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OPEN = {
    "/accounts/login/",
    "/admin/login/",
    "/accounts/once/x/",
    "/health",
    "/i18n/setlang/",
    "/manifest.webmanifest",
}
"""Addresses that answer without a login."""
WITHOUT_SCOPE = {"/accounts/logout/", "/api/", "/api/openapi.json", "/api/x", "/v1/x"}
"""Addresses that need a login but no scope."""
LOGIN = "/accounts/login/?next="


@pytest.fixture(params=URLCONFS)
def doors(request: pytest.FixtureRequest, settings: Any, db: Any) -> list[str]:
    """Return the paths of a site. The monitor's admin is the hive's."""
    settings.ROOT_URLCONF = URLCONFS[request.param]
    found = list(paths(request.param))
    assert len(found) > 100
    assert set(found) >= OPEN
    is_hive = request.param == "hive"
    return [path for path in found if is_hive or not path.startswith("/admin/")]


def knock(path: str, method: str, token: str | None = None) -> Any:
    headers = {"accept-language": "en"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    return Client(headers=headers).generic(method, path, "{}", "application/json")


def is_shut(path: str, response: Any) -> bool:
    """Return True for a refusal: 401 for programs, else the way to the login."""
    is_api = path.startswith(("/api/", "/v1/")) and path != "/api/"
    if is_api or path == "/metrics":
        return bool(response.status_code == 401 and response["WWW-Authenticate"] == "Bearer")
    target = response.headers.get("Location", "")
    return bool(response.status_code == 302 and target.startswith((LOGIN, "/admin/login/?next=")))


def test_every_door_is_shut_without_a_key(doors: list[str]) -> None:
    ways = [way for way in product(doors, METHODS) if way[0] not in OPEN]
    assert [way for way in ways if not is_shut(way[0], knock(*way))] == []


def test_admin_login_leads_to_the_login_of_the_pages(db: Any) -> None:
    response = knock("/admin/login/?next=/admin/hive/robot/", "GET")
    assert response["Location"] == "/accounts/login/?next=/admin/hive/robot/"
    form = {"username": "keeper", "password": "a-long-password"}
    User.objects.create_superuser("keeper", password="a-long-password")
    client = Client()
    assert client.post("/admin/login/", form).status_code == 302
    assert "sessionid" not in client.cookies


@pytest.fixture
def refused_tokens(db: Any) -> list[str]:
    """Return tokens that no longer work, or never did."""
    keeper = User.objects.create_superuser("keeper")
    gone = User.objects.create_superuser("gone", is_active=False)
    past = timezone.now() - timedelta(seconds=1)
    expired = ApiToken.issue(keeper, "expired", Scope, past)
    revoked = ApiToken.issue(keeper, "revoked", Scope)
    ApiToken.objects.get(name="revoked").delete()
    return [expired, revoked, ApiToken.issue(gone, "inactive", Scope), "guess", "", "ñ", "a b"]


def test_every_door_answers_401_to_a_refused_token(
    doors: list[str], refused_tokens: list[str]
) -> None:
    """A page that needs no login, such as /health, refuses it, too."""
    for index, path in enumerate(doors):
        token = refused_tokens[index % len(refused_tokens)]
        for method in ("GET", "POST"):
            assert knock(path, method, token).status_code == 401, (path, method, token)


@pytest.mark.parametrize("number", range(7))
def test_refused_token_is_no_session_and_no_visitor(
    refused_tokens: list[str], settings: Any, number: int
) -> None:
    token = refused_tokens[number]
    client = Client(headers={"authorization": f"Bearer {token}"})
    client.force_login(User.objects.get(username="keeper"))
    for is_required in (True, False):
        settings.MOXIE_REQUIRE_LOGIN = is_required
        response = client.get("/api/robots")
        assert response.status_code == 401
        assert response.json()["error"] == "invalid_token"
        assert response["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    settings.MOXIE_REQUIRE_LOGIN = True
    assert client.get("/").status_code == 401
    assert client.get("/admin/").status_code == 401


def test_no_door_opens_to_a_token_without_scopes(doors: list[str]) -> None:
    token = ApiToken.issue(User.objects.create_superuser("keeper"), "narrow", [])
    opened = [
        (path, method)
        for path, method in product(doors, METHODS)
        if path not in OPEN | WITHOUT_SCOPE
        and not path.startswith("/admin/")
        and knock(path, method, token).status_code not in (403, 405)
    ]
    assert opened == []


def test_no_admin_page_opens_to_a_token(db: Any) -> None:
    token = ApiToken.issue(User.objects.create_superuser("keeper"), "all", Scope)
    inside = [path for path in paths("hive") if path.startswith("/admin/")]
    assert len(inside) > 50
    for path, method in product(inside, ("GET", "POST")):
        response = knock(path, method, token)
        assert response.status_code == 403, (path, method)
        assert response.json()["error"] == "forbidden"


@pytest.mark.parametrize("site", URLCONFS)
def test_each_operation_names_the_scope_that_a_token_lacks(
    site: str, settings: Any, db: Any
) -> None:
    settings.ROOT_URLCONF = URLCONFS[site]
    keeper = User.objects.create_superuser("keeper")
    client = Client(headers={"accept-language": "en"})
    client.force_login(keeper)
    tokens = {
        scope: ApiToken.issue(keeper, scope, [each for each in Scope if each != scope])
        for scope in Scope
    }
    described = Described(client).document["paths"]
    operations = [
        (path, method, operation["security"])
        for path, methods in described.items()
        for method, operation in methods.items()
        if path != "/health"
    ]
    assert len(operations) > 10
    for path, method, security in operations:
        ((scope,),) = (each["bearer"] for each in security if "bearer" in each)
        filled = path.replace("{entry_id}", "1").replace("{utterance_id}", UTTERANCE_ID)
        response = knock(filled, method.upper(), tokens[Scope(scope)])
        assert response.status_code == 403, (path, method)
        answer = json.loads(response.content)
        assert answer["error"] == "insufficient_scope", (path, method)
        assert answer["detail"] == f"This token lacks the scope {scope}."
        assert f'scope="{scope}"' in response["WWW-Authenticate"]


def test_account_without_a_group_reaches_nothing(doors: list[str]) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user("guest"))
    reached = [
        (path, method)
        for path, method in product(doors, ("GET", "POST"))
        if path not in OPEN | WITHOUT_SCOPE
        and client.generic(method, path, "{}", "application/json").status_code
        not in (302, 403, 405)
    ]
    assert reached == []
    page = client.get("/")
    assert page.status_code == 403
    assert "<b>listen</b>, <b>speak</b>, <b>administer</b>" in page.content.decode()
    assert client.post("/accounts/logout/").status_code == 200
    assert client.get("/").status_code == 302
