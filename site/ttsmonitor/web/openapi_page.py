"""An OpenAPI document as it is fetched, and as a page for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from ttsmonitor.web.jsonapi import endpoint
from ttsmonitor.web.openapi import Part
from ttsmonitor.web.pages import page

SCHEMAS = "#/components/schemas/"
Make = Callable[[], Part]


def json_view(make: Make) -> Callable[[HttpRequest], HttpResponse]:
    """The view that answers with the document that `make` makes."""

    @endpoint("GET", "HEAD")
    def openapi(request: HttpRequest) -> JsonResponse:
        return JsonResponse(make(), json_dumps_params={"ensure_ascii": False, "indent": 1})

    return openapi


def page_view(make: Make) -> Callable[[HttpRequest], HttpResponse]:
    """The view that shows it."""

    @page
    def shown(request: HttpRequest) -> HttpResponse:
        document = make()
        base = request.build_absolute_uri("/").rstrip("/")
        context = {
            "document": document,
            "operations": [
                _operation(document, base, method, path, operation)
                for path, methods in document["paths"].items()
                for method, operation in methods.items()
            ],
            "schemas": [
                {"name": name, "about": schema.get("description", ""), "rows": _rows(schema)}
                for name, schema in sorted(document["components"]["schemas"].items())
            ],
        }
        return render(request, "ttsmonitor/api.html", context)

    return shown


def _operation(document: Part, base: str, method: str, path: str, operation: Part) -> Part:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    answers = [
        {"status": status} | _answer(document, answer)
        for status, answer in operation["responses"].items()
    ]
    return {
        "name": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "parameters": [
            _row(each["name"], each["schema"] | {"description": each["description"]}, each)
            for each in operation.get("parameters", ())
        ],
        "body": _rows(_resolved(document, body["schema"])) if body else [],
        "curl": _curl(base, method, path, operation, body),
        "answers": [each for each in answers if each["schema"] != "Error"],
        "errors": [each for each in answers if each["schema"] == "Error"],
    }


def _answer(document: Part, answer: Part) -> Part:
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    ((media, content),) = answer["content"].items()
    schema = content["schema"].get("$ref", "").removeprefix(SCHEMAS)
    return {"description": answer["description"], "schema": schema, "media": media}


def _curl(base: str, method: str, path: str, operation: Part, body: Part | None) -> str:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
    words = ["curl"]
    if operation.get("security") != [{}]:
        words.append('-H "Authorization: Bearer $TOKEN"')
    if body:
        words.append(f"-d '{json.dumps(body['example'], ensure_ascii=False)}'")
    return " ".join([*words, f"{base}{path}"])


def _resolved(document: Part, schema: Part) -> Part:
    name = schema.get("$ref", "").removeprefix(SCHEMAS)
    found: Part = document["components"]["schemas"][name] if name else schema
    return found


def _rows(schema: Part) -> list[Part]:
    required = schema.get("required", ())
    return [
        _row(name, part, {"required": name in required})
        for name, part in schema.get("properties", {}).items()
    ]


def _row(name: str, schema: Part, given: Part) -> Part:
    kind, target = _kind(schema)
    return {
        "name": name,
        "kind": kind,
        "target": target,
        "about": schema.get("description", ""),
        "choices": schema.get("enum", ()),
        "default": schema.get("default"),
        "is_required": bool(given.get("required")),
    }


def _kind(schema: Any) -> tuple[str, str]:
    """What it is in words, and the name of the schema it leads to."""
    if "$ref" in schema:
        return "", schema["$ref"].removeprefix(SCHEMAS)
    if "oneOf" in schema:
        return _("or null"), _kind(schema["oneOf"][0])[1]
    kinds = schema.get("type", "object")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "array" in kinds:
        kind, target = _kind(schema["items"])
        return " ".join(filter(None, (_("list of"), kind))), target
    shown = [schema.get("format") or kinds[0], *kinds[1:]]
    return f" {_('or')} ".join(shown), ""
