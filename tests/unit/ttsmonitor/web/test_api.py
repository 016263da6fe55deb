"""Errors and answers of django-ninja in the form of our APIs."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import Client, RequestFactory
from pydantic import Field, Strict

from ttsmonitor.models import Scope
from ttsmonitor.web.access import needs
from ttsmonitor.web.api import Body, JsonApi, JsonRouter, refused
from ttsmonitor.web.openapi import document

SITES = ["openmoxie.urls", "openmoxie.urls_monitor"]
router = JsonRouter()


class Order(Body):
    """A body with one field that has its own error sentence, and one without."""

    size: Annotated[int, Strict(), refused("bad_size", "size: give a number.")]
    name: Annotated[str, Field(max_length=3)] = ""


@router.write("/order", dict[str, int], operation_id="order", summary="Order", example={"size": 1})
@needs(Scope.SPEAK)
def order(request: HttpRequest, order: Order) -> dict[str, int]:
    """Return the size that was ordered."""
    return {"size": order.size}


@router.read("/rows", dict[str, int], operation_id="rows", summary="Rows", errors=["bad_request"])
def rows(request: HttpRequest, limit: int = 1) -> dict[str, int]:
    """Return the limit that was asked for."""
    return {"limit": limit}


API = JsonApi("Title", "", [router])


def call(path: str, method: str, body: bytes = b"", query: str = "") -> Any:
    """Return status, JSON and response of a view."""
    view = next(each.callback for each in API.urlpatterns if str(each.pattern) == path)
    request = RequestFactory().generic(method, f"/api/{path}", body, QUERY_STRING=query)
    request.user = User(is_superuser=True)
    response = view(request)
    return response.status_code, json.loads(response.content), response


def test_operation_that_writes_cannot_forget_its_scope() -> None:
    register = JsonRouter().write("/order", dict[str, int], "Order")
    with pytest.raises(AttributeError, match="needed"):
        register(lambda request: {})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b"\xff", b"[" * 100_000])
def test_body_other_than_an_object_is_refused(body: bytes) -> None:
    status, answer, _response = call("order", "POST", body)
    assert (status, answer["error"]) == (400, "invalid_json")
    assert answer["detail"] == "Send a JSON object."


@pytest.mark.parametrize("body", [{}, {"size": None}, {"size": "7"}, {"size": True}])
def test_missing_or_wrong_field_has_a_specific_sentence(body: dict[str, Any]) -> None:
    status, answer, _response = call("order", "POST", json.dumps(body).encode())
    assert (status, answer) == (400, {"error": "bad_size", "detail": "size: give a number."})


def test_field_without_a_sentence_is_named() -> None:
    status, answer, _response = call("order", "POST", b'{"size": 1, "name": "long"}')
    assert (status, answer["error"]) == (400, "bad_request")
    assert answer["detail"] == "name is missing or not valid."


def test_answer_is_uncached_json() -> None:
    status, answer, response = call("order", "POST", b'{"size": 1, "unknown": 2}')
    assert (status, answer) == (200, {"size": 1})
    assert (response["Content-Type"], response["Cache-Control"]) == ("application/json", "no-store")


def test_wrong_query_parameter_is_named() -> None:
    status, answer, _response = call("rows", "GET", query="limit=many")
    assert (status, answer["error"]) == (400, "bad_request")
    assert answer["detail"] == "limit is missing or not valid."


def test_document_has_no_head_and_no_docstrings() -> None:
    made = document(API)
    assert list(made["paths"]["/api/rows"]) == ["get"]
    text = json.dumps(made)
    assert "Return the limit" not in text
    assert "A body with a field" not in text


@pytest.mark.parametrize("urlconf", SITES)
def test_every_path_refuses_other_methods_in_json(
    browser: Client, settings: Any, urlconf: str
) -> None:
    settings.ROOT_URLCONF = urlconf
    paths = browser.get("/api/openapi.json").json()["paths"]
    examples = {
        "{device_id}": "d_1",
        "{visit}": "page_0123456789abcdef",
        "{entry_id}": "1",
    }
    for template, methods in paths.items():
        path = template.replace("{utterance_id}", "1a9d4758-572a-4f7e-8e76-a7b515721e85")
        for name, example in examples.items():
            path = path.replace(name, example)
        if not path.startswith("/api/"):
            continue
        for method in {"OPTIONS", "PUT", "DELETE"} - {name.upper() for name in methods}:
            response = browser.generic(method, path)
            assert (response.status_code, response.json()["error"]) == (405, "method_not_allowed")
            allowed = set(response["Allow"].lower().split(", "))
            assert allowed - {"head"} == set(methods), path


@pytest.mark.parametrize("urlconf", SITES)
def test_every_session_post_needs_a_csrf_token(
    db: Any, parent: User, settings: Any, urlconf: str
) -> None:
    settings.ROOT_URLCONF = urlconf
    client = Client(enforce_csrf_checks=True)
    client.force_login(parent)
    paths = client.get("/api/openapi.json").json()["paths"]
    posts = [path for path, methods in paths.items() if "post" in methods]
    assert posts
    for path in posts:
        response = client.post(path.replace("{", "").replace("}", ""))
        assert (response.status_code, response.json()["error"]) == (403, "csrf_failed"), path
