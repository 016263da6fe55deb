"""Views of an OpenAPI document: as JSON, and as a page for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ttsmonitor.web.access import needs
from ttsmonitor.web.api import Json, JsonApi, in_json
from ttsmonitor.web.openapi import document
from ttsmonitor.web.pages import page

SCHEMAS = "#/components/schemas/"


def json_view(api: JsonApi) -> Callable[..., HttpResponse]:
    """Return the view that answers with the document of an API."""

    @needs(None)
    @in_json
    @require_safe
    def openapi(request: HttpRequest) -> HttpResponse:
        return JsonResponse(document(api), json_dumps_params={"ensure_ascii": False, "indent": 1})

    return openapi


def page_view(api: JsonApi) -> Callable[..., HttpResponse]:
    """Return the view that shows the document of an API."""

    @needs(None)
    @page
    def show(request: HttpRequest) -> HttpResponse:
        described = document(api)
        base = request.build_absolute_uri("/").rstrip("/")
        context = {
            "document": described,
            "operations": [
                _operation(described, base, method, path, operation)
                for path, methods in described["paths"].items()
                for method, operation in methods.items()
            ],
            "schemas": [
                {"name": name, "about": schema.get("description", ""), "rows": _rows(schema)}
                for name, schema in sorted(described["components"]["schemas"].items())
            ],
        }
        return render(request, "ttsmonitor/api.html", context)

    return show


def _operation(described: Json, base: str, method: str, path: str, operation: Json) -> Json:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    answers = [
        {"status": status} | _answer(described, answer)
        for status, answer in operation["responses"].items()
    ]
    return {
        "name": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "scope": next((each["bearer"][0] for each in operation["security"] if each), ""),
        "parameters": [
            _row(each["name"], each["schema"] | each) for each in operation.get("parameters", ())
        ],
        "body": _rows(_resolved(described, body["schema"])) if body else [],
        "curl": _curl(base, method, path, operation, body),
        "answers": [each for each in answers if each["schema"] != "Error"],
        "errors": [each for each in answers if each["schema"] == "Error"],
    }


def _answer(described: Json, answer: Json) -> Json:
    if "$ref" in answer:
        answer = described["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    ((media, content),) = answer["content"].items()
    schema = content["schema"].get("$ref", "").removeprefix(SCHEMAS)
    return {"description": answer["description"], "schema": schema, "media": media}


def _curl(base: str, method: str, path: str, operation: Json, body: Json | None) -> str:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
    words = ["curl"] if method in ("get", "post") else [f"curl -X {method.upper()}"]
    if operation.get("security") != [{}]:
        words.append('-H "Authorization: Bearer $TOKEN"')
    if body:
        words.append(f"-d '{json.dumps(body['example'], ensure_ascii=False)}'")
    return " ".join([*words, f"{base}{path}"])


def _resolved(described: Json, schema: Json) -> Json:
    name = schema.get("$ref", "").removeprefix(SCHEMAS)
    found: Json = described["components"]["schemas"][name] if name else schema
    return found


def _rows(schema: Json) -> list[Json]:
    required = schema.get("required", ())
    return [
        _row(name, part | {"required": name in required})
        for name, part in schema.get("properties", {}).items()
    ]


def _row(name: str, field: Json) -> Json:
    kind, target = _kind(field)
    return {
        "name": name,
        "kind": kind,
        "target": target,
        "about": field.get("description", ""),
        "choices": field.get("enum", ()),
        "default": field.get("default"),
        "is_required": bool(field.get("required")),
    }


def _kind(schema: Any) -> tuple[str, str]:
    """Return a type in words, and the name of the schema it leads to."""
    if "$ref" in schema:
        return "", schema["$ref"].removeprefix(SCHEMAS)
    if "anyOf" in schema:
        kinds = [_kind(each) for each in schema["anyOf"]]
        words = [kind for kind, _target in kinds if kind]
        target = next((target for _kind, target in kinds if target), "")
        return f" {_('or')} ".join(["", *words] if target else words).strip(), target
    kind = schema.get("type", "object")
    if kind == "array":
        kind, target = _kind(schema["items"])
        return " ".join(filter(None, (_("list of"), kind))), target
    return schema.get("format") or kind, ""
