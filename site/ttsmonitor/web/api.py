"""The JSON APIs on django-ninja: routers, types of bodies and answers, errors in one form."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import NinjaAPI, Router
from ninja.errors import HttpError, ValidationError
from ninja.schema import NinjaGenerateJsonSchema
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)
from pydantic import ValidationError as PydanticError
from pydantic.json_schema import JsonSchemaMode
from pydantic_core import core_schema

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.reasons import reason_of
from ttsmirror.text import clean
from ttsmirror.translations import translate
from ttsmirror.version import VERSION
from ttsmirror.wire.messages import UTTERANCE_CHARACTERS
from ttsmonitor.exceptions import BadRequestError
from ttsmonitor.models import Scope
from ttsmonitor.web.access import needs, require
from ttsmonitor.web.jsonapi import (
    InvalidRequestError,
    RefusedError,
    database_unavailable,
    error,
    forbidden,
    internal_error,
    not_found,
)

logger = logging.getLogger(__name__)

View = Callable[..., Any]
Json = dict[str, Any]

STATUSES = {
    "bad_request": 400,
    "login_required": 401,
    "csrf_failed": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "not_waiting": 409,
    "not_approved": 409,
    "still_approved": 409,
    "in_use": 409,
    "too_large": 413,
    "internal_error": 500,
    "database_unavailable": 503,
}
"""Error codes and their statuses; a status may have further codes."""

READ_ERRORS = ("login_required", "csrf_failed", "internal_error", "database_unavailable")
WRITE_ERRORS = ("bad_request", "too_large", *READ_ERRORS)


# Types


def _tidy(schema: Json) -> None:
    """Drop the docstring, which is for developers and in English only, and empty defaults."""
    schema.pop("description", None)
    for field in schema.get("properties", {}).values():
        if field.get("default") in ("", None):
            field.pop("default", None)


def about(sentence: str) -> ConfigDict:
    """Return the configuration of a type with a description, marked by gettext_noop."""

    def extend(schema: Json) -> None:
        _tidy(schema)
        schema["description"] = sentence

    return ConfigDict(json_schema_extra=extend)


class Part(BaseModel):
    """A JSON object of an answer, a body or a query."""

    model_config = ConfigDict(json_schema_extra=_tidy)


class Reason(Part):
    """A sentence as a code and its values, from which it can be translated."""

    code: str = Field(
        description=gettext_noop("The English sentence, with the names of its values in braces.")
    )
    params: dict[str, Any] = Field(
        description=gettext_noop("Text, numbers, and sentences in this same form, by their names.")
    )


ReasonOrNull = Annotated[
    Reason | None,
    Field(description=gettext_noop("The same sentence as a code; null if there is none.")),
]


class Body(Part):
    """A JSON object that is posted; unknown fields are ignored."""

    @model_validator(mode="before")
    @classmethod
    def add_missing(cls, values: Any) -> Any:
        """Treat a missing required field as null, so that its own validator refuses it."""
        if not isinstance(values, dict):
            return values
        required = (name for name, field in cls.model_fields.items() if field.is_required())
        return dict.fromkeys(required) | values


class Nothing(Body):
    """An empty object: the body of a request that needs none."""


class OneOf:
    """An annotation of a string that has one of these values."""

    def __init__(self, choices: Iterable[str]) -> None:
        """Take the allowed values."""
        self._choices = list(choices)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Return the schema of a literal, which validates and documents the values."""
        return core_schema.literal_schema(self._choices)


def refused(code: str, sentence: str, **values: object) -> WrapValidator:
    """Return an annotation that refuses an invalid value with this code and sentence.

    `sentence` is marked by gettext_noop; `values` fill its placeholders.
    """

    def validate(value: Any, handler: Callable[[Any], Any]) -> Any:
        try:
            return handler(value)
        except PydanticError as exc:
            raise InvalidRequestError(code, _(sentence).format(**values)) from exc

    return WrapValidator(validate)


def _read_speech(value: Any) -> str:
    """Return the words without characters that no message can hold. Raises InvalidRequestError."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequestError("empty_text", _("There is nothing to say yet."))
    if len(value) > UTTERANCE_CHARACTERS:
        detail = _("That is too long: {limit} characters at most.")
        raise InvalidRequestError("text_too_long", detail.format(limit=UTTERANCE_CHARACTERS))
    return clean(value.strip())


SpeechText = Annotated[
    str,
    PlainValidator(_read_speech),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": UTTERANCE_CHARACTERS}),
]
"""The words of an utterance."""
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""A time as the wire writes it; a datetime would come out in another precision."""
Identity = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
"""A UUID as a string."""
Share = Annotated[float, Field(ge=0, le=1)]
"""A number from 0 to 1."""


# Routes


class JsonRouter(Router):
    """A router whose operations are declared with our standard errors, methods and scopes."""

    def read(
        self,
        path: str,
        answer: Any,
        summary: str,
        *,
        errors: Sequence[str] = (),
        operation_id: str = "",
    ) -> Callable[[View], View]:
        """Register a view for GET and HEAD. `errors` are the codes beside READ_ERRORS.

        A view that answers with a file has the file's type as `answer`, as in "audio/wav".
        `summary` is marked by gettext_noop. `operation_id` is the view's name unless given. The
        visitor needs the scope READ.
        """
        extra: Json = {"responses": _error_responses([*errors, *READ_ERRORS])}
        register = self._register(["GET", "HEAD"], path, answer, summary, operation_id, extra)
        return lambda view: register(needs(Scope.READ)(view))

    def write(
        self,
        path: str,
        answer: Any,
        summary: str,
        *,
        example: Json | None = None,
        errors: Sequence[str] = (),
        body: type[BaseModel] | None = None,
        operation_id: str = "",
        method: str = "POST",
    ) -> Callable[[View], View]:
        """Register a view for POST or PUT, as read() does. The view is marked with needs().

        `errors` are the codes beside WRITE_ERRORS.

        `body` describes a body that the view reads itself; a parameter of a Body type describes
        itself. Without an `example` the view needs no body.
        """
        if example is None:
            example, body = {}, Nothing
        content: Json = {"example": example}
        if body is not None:
            content["schema"] = json_schema(body)
        extra = {
            "responses": _error_responses([*errors, *WRITE_ERRORS]),
            "requestBody": {"required": True, "content": {"application/json": content}},
        }
        return self._register([method], path, answer, summary, operation_id, extra)

    def remove(
        self,
        path: str,
        answer: Any,
        summary: str,
        *,
        errors: Sequence[str] = (),
        operation_id: str = "",
    ) -> Callable[[View], View]:
        """Register a view for DELETE, as write() does."""
        extra = {"responses": _error_responses([*errors, *READ_ERRORS])}
        return self._register(["DELETE"], path, answer, summary, operation_id, extra)

    def _register(
        self,
        methods: list[str],
        path: str,
        answer: Any,
        summary: str,
        operation_id: str,
        extra: Json,
    ) -> Callable[[View], View]:
        if isinstance(answer, str):
            extra["responses"]["200"] = _file_response(answer)
            answer = None

        def register(view: View) -> View:
            scope, permission = view.needed  # type: ignore[attr-defined]  # by needs()
            extra["security"] = [{"bearer": [scope.value]}, {"session": []}]

            def check(request: HttpRequest) -> bool:
                if refusal := require(request, scope, permission):
                    raise RefusedError(refusal)
                return True

            name = operation_id or view.__name__
            operation: Callable[[View], View] = self.api_operation(
                methods,
                path,
                auth=check,  # before the body is read
                response=answer,
                operation_id=name,
                url_name=f"api-{name}",  # else the function's, which a page may have
                summary=summary,
                exclude_unset=True,
                by_alias=True,
                openapi_extra=extra,
            )
            return operation(view)

        return register


def _file_response(media: str) -> Json:
    content = {media: {"schema": {"type": "string", "contentMediaType": media}}}
    return {"description": "OK", "content": content}


def _error_responses(codes: Iterable[str]) -> Json:
    ordered = sorted(codes, key=STATUSES.__getitem__)
    return {str(STATUSES[code]): {"$ref": f"#/components/responses/{code}"} for code in ordered}


def json_schema(model: type[BaseModel], mode: JsonSchemaMode = "validation") -> Json:
    """Return the JSON schema of a type, with its parts under `$defs`."""
    return model.model_json_schema(
        ref_template="#/components/schemas/{model}",
        schema_generator=NinjaGenerateJsonSchema,
        mode=mode,
    )


class JsonApi(NinjaAPI):
    """The API of a site: its routers, and every error in our form."""

    def __init__(self, title: str, description: str, routers: Iterable[JsonRouter]) -> None:
        """Take a title and a description marked by gettext_noop."""
        super().__init__(title=title, description=description, version=VERSION, openapi_url=None)
        for router in routers:
            self.add_router("", router)
        for kind, handler in _ERROR_HANDLERS.items():
            self.add_exception_handler(kind, handler)

    def get_content_type(self) -> str:
        """Return the media type of answers; JSON has no charset parameter (RFC 8259)."""
        return "application/json"

    @property
    def urlpatterns(self) -> list[URLPattern]:
        """The routes below /api/."""
        patterns: list[Any] = self.urls[0]
        return [
            path(str(each.pattern), needs(None)(in_json(each.callback)), name=each.name)
            for each in patterns
        ]


def in_json(view: View) -> View:
    """Answer 405 in our form, and let no answer be cached.

    The wrapper lacks ninja's `csrf_exempt`: a browser's session needs Django's CSRF check.
    """

    def answer(request: HttpRequest, **parameters: Any) -> HttpResponse:
        response: HttpResponse = view(request, **parameters)
        if isinstance(response, HttpResponseNotAllowed):
            allowed = ", ".join(sorted(response["Allow"].split(", ")))
            response = error("method_not_allowed", _("Use another method here."), 405)
            response["Allow"] = allowed
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return answer


# Errors


def _refuse(request: HttpRequest, exc: InvalidRequestError) -> HttpResponse:
    return error(exc.code, str(exc), exc.status)


def _refuse_bad_request(request: HttpRequest, exc: BadRequestError) -> HttpResponse:
    return error("bad_request", str(exc), 400)


def _refuse_message(request: HttpRequest, exc: InvalidMessageError) -> HttpResponse:
    return error("bad_request", translate(reason_of(exc)), 400)


def _refuse_unreadable(request: HttpRequest, exc: HttpError) -> HttpResponse:
    """Answer if ninja could not read the body, the only HttpError that it raises here."""
    return error("invalid_json", _("Send a JSON object."), 400)


def _refuse_invalid(request: HttpRequest, exc: ValidationError) -> HttpResponse:
    """Answer if a value does not fit its type; name the field."""
    location = exc.errors[0]["loc"]
    if location[0] == "body" and len(location) == 2:  # the parameter itself
        return error("invalid_json", _("Send a JSON object."), 400)
    field = ".".join(str(each) for each in location[2 if location[0] == "body" else 1 :])
    detail = _("{field} is missing or not valid.").format(field=field)
    return error("bad_request", detail, 400)


def _refuse_too_large(request: HttpRequest, exc: RequestDataTooBig) -> HttpResponse:
    return error("too_large", _("The request is too large."), 413)


def _report_database_error(request: HttpRequest, exc: DatabaseError) -> HttpResponse:
    logger.exception("%s: database error", request.path)
    return database_unavailable()


def _report_unexpected_error(request: HttpRequest, exc: Exception) -> HttpResponse:
    logger.exception("%s: unexpected error", request.path)
    return internal_error()


_ERROR_HANDLERS: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    InvalidRequestError: _refuse,
    BadRequestError: _refuse_bad_request,
    InvalidMessageError: _refuse_message,
    HttpError: _refuse_unreadable,
    ValidationError: _refuse_invalid,
    RequestDataTooBig: _refuse_too_large,
    Http404: lambda request, exc: not_found(),
    PermissionDenied: lambda request, exc: forbidden(),
    RefusedError: lambda request, exc: exc.response,
    DatabaseError: _report_database_error,
    InterfaceError: _report_database_error,
    Exception: _report_unexpected_error,
}
