"""The JSON API of a conversation without a robot, in which the child's words are typed."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import P, PathEx
from pydantic import AfterValidator

from hive.api import schemas
from hive.chat.sessions import CHILD, is_visit
from hive.events import push_chat
from hive.models import ChatModule
from hive.mqtt.moxie_server import get_moxie_server
from ttsmirror.text import clean
from ttsmonitor.models import Scope
from ttsmonitor.web.access import needs
from ttsmonitor.web.api import JsonRouter
from ttsmonitor.web.jsonapi import InvalidRequestError

router = JsonRouter()


def _check_visit(value: str) -> str:
    """Return the id of a conversation. Raises InvalidRequestError."""
    if not is_visit(value):
        raise InvalidRequestError("not_found", _("There is no such conversation."), 404)
    return value


VisitId = PathEx[
    Annotated[str, AfterValidator(_check_visit)],
    P(
        description=gettext_noop("page_ and 16 random hexadecimal digits."),
        example=schemas.VISIT,
    ),
]


@router.read(
    "/chat/{visit}",
    schemas.ChatLines,
    gettext_noop("The lines of a conversation without a robot"),
    errors=["not_found"],
)
def lines(request: HttpRequest, visit: VisitId) -> dict[str, Any]:
    """Return the lines of a conversation, oldest first."""
    return {"lines": get_moxie_server().chat.visits.lines(visit)}


@router.write(
    "/chat/{visit}",
    {202: schemas.Heard},
    gettext_noop("Say something in a conversation, as the child"),
    example={"text": "Hola, Moxie"},
    errors=["not_found"],
)
@needs(Scope.SPEAK)
def talk(request: HttpRequest, visit: VisitId, words: schemas.Words) -> dict[str, Any]:
    """Say something in a conversation; the answer comes by WebSocket when it is made."""
    server, event = get_moxie_server(), _event(words)
    chat = server.chat
    if event["command"] == "prompt":
        server.end_conversation(visit)
        chat.visits.clear(visit)
    line = None
    if event["speech"]:
        line = chat.visits.put(visit, event["event_id"], CHILD, event["speech"])
        push_chat(visit, line or {})
    chat.handle_request(visit, event)
    return {"line": line}


@router.write(
    "/chat/{visit}/interrupt",
    {202: schemas.Stopped},
    gettext_noop("Stop the speech of a conversation"),
    operation_id="hush",
    errors=["not_found"],
)
@needs(Scope.CONTROL)
def interrupt(request: HttpRequest, visit: VisitId) -> dict[str, Any]:
    """Stop the speech of a conversation."""
    get_moxie_server().send_telehealth_interrupt(visit)
    return {"detail": ""}


def _event(words: schemas.Words) -> dict[str, Any]:
    """Return the request that a robot would send. Raises InvalidRequestError."""
    command = words.command or ("continue" if words.text else "reprompt")
    return {
        "backend": "router",
        "event_id": str(uuid.uuid4()),
        "command": command,
        "speech": clean(words.text.strip()) if command == "continue" else "",
        **_module(words.module),
    }


def _module(key: int | None) -> dict[str, str]:
    """Return the ids of a module, or of the first one without a key."""
    modules = ChatModule.objects.enabled()
    chosen = modules.first() if key is None else modules.filter(pk=key).first()
    if chosen is None:
        raise InvalidRequestError("unknown_module", _("There is no such conversation module."))
    return {"module_id": chosen.robots_id, "content_id": chosen.content_id}
