"""The OpenAPI 3.1 document of an API: what django-ninja derives from types, and what is ours.

Descriptions are in the visitor's language, so a document is generated for each request.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pydantic import Field

from ttsmirror.version import VERSION
from ttsmonitor.system.commands import manage_command
from ttsmonitor.web.api import (
    STATUSES,
    Json,
    JsonApi,
    Moment,
    Part,
    ReasonOrNull,
    about,
    json_schema,
)

TRANSLATED = ("description", "summary")
SUCCESS_DESCRIPTIONS = (gettext_noop("OK"), gettext_noop("Accepted"))
"""Descriptions that ninja writes for successful answers."""


class Error(Part):
    """The answer to every request that fails."""

    model_config = about(gettext_noop("The answer to every request that fails."))

    error: str = Field(description=gettext_noop("A code, for programs."), examples=list(STATUSES))
    detail: str = Field(
        description=gettext_noop("A sentence in the language of Accept-Language, for people.")
    )


class Check(Part):
    """The result of one health check."""

    model_config = about(gettext_noop("The result of one health check."))

    ok: bool
    detail: str = Field("", description=gettext_noop("Why it does not work."))
    reason: ReasonOrNull = None
    since: Moment | None = Field(description=gettext_noop("The time of its first failure."))


class Health(Part):
    """The answer of /health."""

    ok: bool
    checks: dict[str, Check]


def document(api: JsonApi) -> Json:
    """Return the OpenAPI document of an API, in the active language."""
    made = api.get_openapi_schema(path_prefix="/api/")
    for methods in made["paths"].values():
        methods.pop("head", None)
        for operation in methods.values():
            operation.pop("description", None)  # the docstring, which has no translation
    # ninja lists the types of queries among the schemas, where nothing refers to them.
    parts = made["components"]["schemas"].items()
    schemas = {name: schema for name, schema in parts if not name.endswith("Query")}
    for model in (Error, Health):
        schema = json_schema(model, "serialization")
        schemas |= schema.pop("$defs", {}) | {model.__name__: schema}
    return {
        "openapi": made["openapi"],
        "info": {"title": _(api.title), "version": VERSION, "description": _(api.description)},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"session": []}],
        "paths": _translated(made["paths"]) | {"/health": _health()},
        "components": {
            "schemas": _translated(schemas),
            "responses": {code: _response("Error", text) for code, text in _errors().items()},
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


def _translated(node: Any) -> Any:
    """Return a copy with its descriptions in the active language, without generated titles."""
    if isinstance(node, list):
        return [_translated(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        str(name): _(value) if name in TRANSLATED and isinstance(value, str) else _translated(value)
        for name, value in node.items()
        if not (name == "title" and isinstance(value, str))
    }


def _response(schema: str, description: str) -> Json:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


def _errors() -> dict[str, str]:
    return {
        "bad_request": _("The request cannot be understood; the sentence says why."),
        "login_required": _("No login and no token, or a wrong token."),
        "csrf_failed": _(
            "A browser's POST without X-CSRFToken, an account without the permission, or a token"
            " without the scope."
        ),
        "not_found": _("There is nothing with that id."),
        "method_not_allowed": _("Use another method here."),
        "not_waiting": _("This sentence is no longer in the queue."),
        "not_approved": _("This robot has not been let in."),
        "still_approved": _("This robot was let in: revoke its access first."),
        "in_use": _("This voice speaks a language; confirm its removal."),
        "too_large": _("The request is too large."),
        "internal_error": _("Something went wrong; see the log."),
        "database_unavailable": _("The service or its database is unavailable."),
    }


def _health() -> Json:
    """Describe /health, which is a plain view and needs no login."""
    return {
        "get": {
            "operationId": "health",
            "summary": _("Health checks; without a login, details are left out."),
            "security": [{}],
            "responses": {
                "200": _response("Health", _("Everything works.")),
                "503": _response("Health", _("A check fails.")),
            },
        }
    }
