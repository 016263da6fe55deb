"""Check a site's answers against its OpenAPI document."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
from django.test import Client
from django.urls import get_resolver
from openapi_spec_validator import OpenAPIV31SpecValidator

CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
NOT_ITSELF = {"/api/", "/api/openapi.json", "/api/{rest}"}


class Described:
    """A site and its document."""

    def __init__(self, client: Client) -> None:
        self._client = client
        answer = client.get("/api/openapi.json")
        assert answer.status_code == 200
        self.document: dict[str, Any] = answer.json()
        OpenAPIV31SpecValidator(self.document).validate()

    def get(self, path: str, template: str = "", status: int = 200, **query: Any) -> Any:
        """GET a path, check the answer against the document, and return it."""
        return self._check(self._client.get(path, query), template or path, "get", status)

    def post(self, path: str, body: Any, template: str = "", status: int = 200) -> Any:
        """POST likewise; check `body` too unless a refusal is expected."""
        operation = self.document["paths"][template or path]["post"]
        if status < 300:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            self._validate(body, schema)
        answer = self._client.post(path, json.dumps(body), content_type="application/json")
        return self._check(answer, template or path, "post", status)

    def _check(self, answer: Any, template: str, method: str, status: int) -> Any:
        assert answer.status_code == status, answer.content
        described = self.document["paths"][template][method]["responses"][str(status)]
        if "$ref" in described:
            name = described["$ref"].rpartition("/")[2]
            described = self.document["components"]["responses"][name]
        self._validate(answer.json(), described["content"]["application/json"]["schema"])
        return answer.json()

    def _validate(self, value: Any, schema: dict[str, Any]) -> None:
        whole = schema | {"components": self.document["components"]}
        validator = jsonschema.Draft202012Validator(
            whole, format_checker=jsonschema.FormatChecker()
        )
        validator.validate(value)


def routes() -> set[str]:
    """Return all routes under /api/ in the document's notation."""
    paths = {
        "/" + CONVERTER.sub(r"{\1}", f"{prefix}{pattern.pattern}")
        for prefix, each in _patterns("", get_resolver())
        for pattern in [each]
    }
    return {path for path in paths if path.startswith("/api/")} - NOT_ITSELF


def _patterns(prefix: str, resolver: Any) -> Any:
    for each in resolver.url_patterns:
        if hasattr(each, "url_patterns"):
            yield from _patterns(f"{prefix}{each.pattern}", each)
        else:
            yield prefix, each
