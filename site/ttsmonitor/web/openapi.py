"""The parts of an OpenAPI 3.1 document, and what is the same in both of ours.

Sentences are in the visitor's language, so a document is made anew for each request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from ttsmirror.version import VERSION
from ttsmonitor.system.commands import manage_command

Part = dict[str, Any]

STATUSES = {
    "bad_request": 400,
    "login_required": 401,
    "csrf_failed": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "not_waiting": 409,
    "too_large": 413,
    "internal_error": 500,
    "database_unavailable": 503,
}
"""Of an error by its code; an endpoint may have further codes of a status."""


def document(title: str, about: str, paths: Part, schemas: Part) -> Part:
    """The whole."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION, "description": about},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"session": []}],
        "paths": paths | {"/health": health()},
        "components": {
            "schemas": schemas | {"Error": _error(), "Health": _health(), "Check": _check()},
            "responses": {code: _refusal(code) for code in STATUSES},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": _("A token made by: {command}").format(
                        command=manage_command("create_api_token NAME")
                    ),
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "sessionid",
                    "description": _("A browser that is logged in; POST needs X-CSRFToken too."),
                },
            },
        },
    }


def read(
    name: str,
    summary: str,
    answer: str,
    *,
    parameters: Iterable[Part] = (),
    errors: Iterable[str] = (),
) -> Part:
    """A GET that answers with the schema of that name."""
    given = list(parameters)
    questionable = [] if all(each["in"] == "path" for each in given) else ["bad_request"]
    refused = [*questionable, *errors, "login_required", "internal_error", "database_unavailable"]
    return {
        "operationId": name,
        "summary": summary,
        "parameters": given,
        "responses": {"200": response(answer)} | _refused(refused),
    }


def write(
    name: str,
    summary: str,
    answer: str,
    *,
    body: str,
    example: Part,
    status: int = 200,
    parameters: Iterable[Part] = (),
    errors: Iterable[str] = (),
) -> Part:
    """A POST of the schema `body`, as in `example`."""
    refused = [
        "bad_request", *errors, "login_required", "csrf_failed", "too_large", "internal_error",
        "database_unavailable",
    ]  # fmt: skip
    content = {"application/json": {"schema": ref(body), "example": example}}
    return {
        "operationId": name,
        "summary": summary,
        "parameters": list(parameters),
        "requestBody": {"required": True, "content": content},
        "responses": {str(status): response(answer)} | _refused(refused),
    }


def response(answer: str, description: str = "") -> Part:
    """An answer of the schema of that name."""
    content = {"application/json": {"schema": ref(answer)}}
    return {"description": description or _("What was asked for."), "content": content}


def ref(schema: str) -> Part:
    return {"$ref": f"#/components/schemas/{schema}"}


def path_parameter(name: str, about: str, example: str) -> Part:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": about,
        "schema": {"type": "string"},
        "example": example,
    }


def query(name: str, about: str, schema: Part | None = None) -> Part:
    """A parameter that may be left out."""
    return {
        "name": name, "in": "query", "description": about, "schema": schema or {"type": "string"},
    }  # fmt: skip


def fields(
    properties: Mapping[str, Part], *, optional: Iterable[str] = (), about: str = ""
) -> Part:
    """An object that has all of these, but the optional ones perhaps."""
    required = [name for name in properties if name not in set(optional)]
    described = {"description": about} if about else {}
    return {"type": "object", "properties": dict(properties), "required": required} | described


def text(about: str = "", **more: Any) -> Part:
    return _typed("string", about, more)


def number(about: str = "", **more: Any) -> Part:
    return _typed("number", about, more)


def whole(about: str = "", **more: Any) -> Part:
    return _typed("integer", about, more)


def flag(about: str = "") -> Part:
    return _typed("boolean", about, {})


def moment(about: str = "") -> Part:
    return _typed("string", about, {"format": "date-time"})


def identity(about: str = "") -> Part:
    return _typed("string", about, {"format": "uuid"})


def items(of: Part, about: str = "") -> Part:
    return _typed("array", about, {"items": of})


def counts(about: str = "") -> Part:
    return _typed("object", about, {"additionalProperties": {"type": "integer"}})


def maybe(part: Part) -> Part:
    """That, or null."""
    if "$ref" in part:
        return {"oneOf": [part, {"type": "null"}]}
    return part | {"type": [part["type"], "null"]}


def _typed(kind: str, about: str, more: Mapping[str, Any]) -> Part:
    return {"type": kind} | ({"description": about} if about else {}) | dict(more)


def _refused(codes: Iterable[str]) -> Part:
    return {str(STATUSES[code]): {"$ref": f"#/components/responses/{code}"} for code in codes}


def _refusal(code: str) -> Part:
    words = {
        "bad_request": _("The request cannot be understood; the sentence says why."),
        "login_required": _("No login and no token."),
        "csrf_failed": _("A browser's POST without X-CSRFToken; or an account that may not."),
        "not_found": _("There is nothing of that name."),
        "method_not_allowed": _("Use another method here."),
        "not_waiting": _("That does not wait any more."),
        "too_large": _("The request is too large."),
        "internal_error": _("Something went wrong; the log says what."),
        "database_unavailable": _("The service or its database is away."),
    }
    return response("Error", words[code])


def _error() -> Part:
    return fields(
        {
            "error": text(_("A code, for programs."), examples=list(STATUSES)),
            "detail": text(_("A sentence in the language of Accept-Language, for people.")),
        },
        about=_("What every error is."),
    )


def health() -> Part:
    """GET /health, which needs no login."""
    found = response("Health")
    return {
        "get": {
            "operationId": "health",
            "summary": _("Does everything work? Without a login it is told without its details."),
            "security": [{}],
            "responses": {
                "200": found,
                "503": response("Health", _("Something does not work.")),
            },
        }
    }


def _health() -> Part:
    checks = {"type": "object", "additionalProperties": ref("Check")}
    return fields({"ok": flag(), "checks": checks})


def _check() -> Part:
    return fields(
        {
            "ok": flag(),
            "detail": text(_("Why it does not work.")),
            "since": maybe(moment(_("It does not work since then."))),
        },
        optional=["detail"],
        about=_("One thing that is looked after."),
    )
