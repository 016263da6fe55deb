"""The JSON API of a conversation without a robot: what is typed is what the child says."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from hive.chat.sessions import CHILD, is_visit
from hive.events import push_chat
from hive.models import ChatModule
from hive.mqtt.moxie_server import get_moxie_server
from ttsmirror.text import clean
from ttsmonitor.web.jsonapi import InvalidRequestError, endpoint, error, read_object

SPEECH_CHARACTERS = 1_000
COMMANDS = ("prompt", "continue", "reprompt")


@endpoint("GET", "HEAD", "POST")
def chat(request: HttpRequest, visit: str) -> JsonResponse:
    """The lines of a conversation, oldest first; or say something in it.

    The answer comes as a line of its own, by WebSocket, when it is made.
    """
    if not is_visit(visit):
        return error("not_found", _("There is no such conversation."), 404)
    chat = get_moxie_server().chat
    if request.method != "POST":
        return JsonResponse({"lines": chat.visits.lines(visit)})
    event = _read(request.body)
    if event["command"] == "prompt":
        chat.visits.clear(visit)
    line = None
    if event["speech"]:
        line = chat.visits.put(visit, event["event_id"], CHILD, event["speech"])
        push_chat(visit, line or {})
    chat.handle_request(visit, event)
    return JsonResponse({"line": line}, status=202)


@endpoint("POST")
def interrupt(request: HttpRequest, visit: str) -> JsonResponse:
    """Stop what is being said in it."""
    if not is_visit(visit):
        return error("not_found", _("There is no such conversation."), 404)
    get_moxie_server().send_telehealth_interrupt(visit)
    return JsonResponse({"detail": ""}, status=202)


def _read(body: bytes) -> dict[str, Any]:
    """What a robot would send for this. Raises InvalidRequestError."""
    fields = read_object(body)
    text = fields.get("text") or ""
    command = fields.get("command") or ("continue" if text else "reprompt")
    if command not in COMMANDS:
        choices = ", ".join(COMMANDS)
        words = _("command is none of: {choices}.").format(choices=choices)
        raise InvalidRequestError("unknown_command", words)
    if not isinstance(text, str) or len(text) > SPEECH_CHARACTERS:
        raise InvalidRequestError(
            "text_too_long",
            _("That is too long: {limit} characters at most.").format(limit=SPEECH_CHARACTERS),
        )
    return {
        "backend": "router",
        "event_id": str(uuid.uuid4()),
        "command": command,
        "speech": clean(text.strip()) if command == "continue" else "",
        **_module(fields.get("module")),
    }


def _module(key: Any) -> dict[str, str]:
    """The ids of the module of this key; of the first one where none is given."""
    modules = ChatModule.objects.enabled()
    chosen = modules.filter(pk=key).first() if isinstance(key, int) else modules.first()
    if chosen is None:
        raise InvalidRequestError("unknown_module", _("There is no such conversation module."))
    return {"module_id": chosen.robots_id, "content_id": chosen.content_id}
