"""The hive's API as an OpenAPI document."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from hive.api.chat import COMMANDS, SPEECH_CHARACTERS
from hive.models import FAVOURITE_CHARACTERS
from ttsmirror.wire.messages import UTTERANCE_CHARACTERS
from ttsmonitor.web.labels import MOODS
from ttsmonitor.web.openapi import (
    Part,
    document,
    fields,
    flag,
    identity,
    items,
    maybe,
    moment,
    number,
    path_parameter,
    read,
    ref,
    text,
    whole,
    write,
)

ROBOT = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
VISIT = "page_0123456789abcdef"


def hive() -> Part:
    """The document of :8000."""
    about = _("The robots, what they are to say, and conversations without one.")
    schemas = {
        "Robot": _robot(),
        "Robots": fields({"robots": items(ref("Robot"))}),
        "Speak": fields(
            {
                "text": text(minLength=1, maxLength=UTTERANCE_CHARACTERS),
                "mood": text(enum=list(MOODS), default="neutral"),
                "intensity": number(minimum=0, maximum=1, default=0.5),
            },
            optional=["mood", "intensity"],
        ),
        "Spoken": fields({
            "id": identity(_("Names it in the history and on moxie/tts/status.")),
            "robot": _presence(),
            "detail": text(_("A sentence where something is missing; else empty.")),
            "line": _line(),
        }),
        "SpokenAloud": fields({
            "id": identity(_("Names it in the history and on moxie/tts/status.")),
            "detail": text(_("A sentence where something is missing; else empty.")),
            "line": _line(),
        }),
        "Favourites": fields({"favourites": items(_phrase(), _("Newest first."))}),
        "Favourite": _favourite(),
        "Puppet": fields({"enabled": flag(_("true starts Puppet Mode, false stops it."))}),
        "Nothing": fields({}),
        "Sent": fields({"robot": _presence(), "detail": text()}),
        "Words": _words(),
        "ChatLine": _chat_line(),
        "ChatLines": fields({"lines": items(ref("ChatLine"), _("Oldest first."))}),
        "Heard": fields({"line": maybe(ref("ChatLine"))}),
        "Stopped": fields({"detail": text()}),
    }  # fmt: skip
    return document(
        _("Moxie: the hive"), about, _robot_paths() | _aloud_paths() | _chat_paths(), schemas
    )


def _robot_paths() -> Part:
    robots = {"get": read("robots", _("All robots that were ever here"), "Robots")}
    one = read("robot", _("One robot"), "Robot", parameters=[_device()], errors=["not_found"])
    return {
        "/api/robots": robots,
        "/api/robots/{device_id}": {"get": one},
        "/api/robots/{device_id}/speak": {
            "post": _order(
                "speak", _("Say something through a robot"), "Spoken", "Speak",
                {"text": "Hola", "mood": "happy"},
            )
        },
        "/api/robots/{device_id}/interrupt": {
            "post": _order(
                "interrupt", _("Stop what is said through a robot, and drop what waits"), "Sent"
            )
        },
        "/api/robots/{device_id}/puppet": {
            "post": _order(
                "puppet", _("Start or stop Puppet Mode"), "Robot", "Puppet", {"enabled": True}, 200
            )
        },
        "/api/robots/{device_id}/wakeup": {
            "post": _order("wakeup", _("Wake a sleeping robot up"), "Sent")
        },
    }  # fmt: skip


def _aloud_paths() -> Part:
    hola = {"text": "Hola", "mood": "happy"}
    return {
        "/api/loudspeaker/speak": {
            "post": write(
                "speakAloud", _("Say something without a robot"), "SpokenAloud", body="Speak",
                example=hola, status=202,
            )
        },
        "/api/loudspeaker/interrupt": {
            "post": write(
                "interruptAloud", _("Stop what the loudspeaker says, and drop what waits"),
                "Stopped", body="Nothing", example={}, status=202,
            )
        },
        "/api/favourites": {
            "get": read("favourites", _("The phrases that are kept"), "Favourites"),
            "post": write(
                "keep", _("Keep a phrase, or forget it"), "Favourites", body="Favourite",
                example=hola,
            ),
        },
    }  # fmt: skip


def _chat_paths() -> Part:
    visit: dict[str, Any] = {
        "parameters": [
            path_parameter("visit", _("page_ and 16 hexadecimal digits nobody guesses."), VISIT)
        ],
        "errors": ["not_found"],
    }
    return {
        "/api/chat/{visit}": {
            "get": read(
                "lines", _("The lines of a conversation without a robot"), "ChatLines", **visit
            ),
            "post": write(
                "talk", _("Say something in it, as the child does"), "Heard", body="Words",
                example={"text": "Hola, Moxie"}, status=202, **visit,
            ),
        },
        "/api/chat/{visit}/interrupt": {
            "post": write(
                "hush", _("Stop what is being said in it"), "Stopped", body="Nothing", example={},
                status=202, **visit,
            )
        },
    }  # fmt: skip


def _order(
    name: str,
    summary: str,
    answer: str,
    body: str = "Nothing",
    example: Part | None = None,
    status: int = 202,
) -> Part:
    return write(
        name, summary, answer, body=body, example=example or {}, status=status,
        parameters=[_device()], errors=["not_found"],
    )  # fmt: skip


def _device() -> Part:
    return path_parameter("device_id", _("The robot's id."), ROBOT)


def _presence() -> Part:
    return text(enum=["online", "offline"])


def _robot() -> Part:
    return fields({
        "device_id": text(),
        "name": text(_("The nickname, else the id.")),
        "nickname": text(),
        "online": flag(),
        "last_seen": maybe(moment()),
        "puppet_mode": flag(_("Puppet Mode is started.")),
        "puppet_state": text(_("What the robot says of it.")),
        "battery": maybe(number(_("Charge, as the robot tells it."))),
        "awake": maybe(flag(_("Whether it is awake, as the robot tells it."))),
        "connected_at": maybe(moment()),
    })  # fmt: skip


def _line() -> Part:
    return fields({
        "id": identity(),
        "device_id": text(),
        "text": text(),
        "mood": text(),
        "intensity": maybe(number()),
        "state": text(_("How far it has got, as in sent, queued or spoken.")),
        "reached": text(_("The last of these that came before its end.")),
        "error": text(_("Why it was not spoken.")),
        "robot": text(_("How far the robot has got, as in sent or said; empty: unknown.")),
        "robot_error": text(_("Why the robot did not say it.")),
        "at": moment(),
        "robot_way": maybe(_way()),
        "speech_way": _way(),
    })  # fmt: skip


def _way() -> Part:
    kinds = ["done", "now", "next", "end"]
    step = fields({"name": text(), "is": text(enum=kinds)})
    return fields({"steps": items(step), "reason": text()})


def _phrase() -> Part:
    return fields({
        "text": text(minLength=1, maxLength=FAVOURITE_CHARACTERS),
        "mood": text(enum=list(MOODS)),
        "intensity": number(minimum=0, maximum=1),
    })  # fmt: skip


def _favourite() -> Part:
    phrase = {
        "text": text(minLength=1, maxLength=FAVOURITE_CHARACTERS),
        "mood": text(enum=list(MOODS), default="neutral"),
        "intensity": number(minimum=0, maximum=1, default=0.5),
        "kept": flag(_("false forgets it.")),
    }
    return fields(phrase, optional=["mood", "intensity", "kept"])


def _words() -> Part:
    words = {
        "text": text(_("What the child says."), maxLength=SPEECH_CHARACTERS),
        "command": text(_("prompt has Moxie begin."), enum=list(COMMANDS)),
        "module": whole(_("The number of a conversation module.")),
    }
    return fields(words, optional=list(words))


def _chat_line() -> Part:
    line = {
        "id": text(),
        "who": text(enum=["child", "moxie"]),
        "text": text(),
        "note": text(_("How it was made.")),
        "state": text(),
        "error": text(_("Why it was not spoken.")),
        "at": moment(),
    }
    return fields(line, optional=["error"])
