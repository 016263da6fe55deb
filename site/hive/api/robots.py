"""The hive's JSON API: the robots, and the loudspeaker without one."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hive.api import schemas
from hive.events import push_line
from hive.models import Approval, Configuration, Robot
from hive.mqtt.admission import OPEN_SECONDS
from hive.mqtt.markup import make_markup
from hive.mqtt.moxie_server import get_moxie_server
from hive.puppet import delivery_status
from ttsmirror.database import AWAY
from ttsmirror.wire.fields import PAYLOAD_BYTES, dump
from ttsmonitor.models import Scope
from ttsmonitor.web.access import needs
from ttsmonitor.web.api import JsonRouter
from ttsmonitor.web.jsonapi import InvalidRequestError

COMMAND_BYTES = 128
"""Bytes of a robot's command around the words, rounded up."""
EXAMPLE = {"text": "Hola", "mood": "happy"}
DECIDE, FORGET = "hive.change_robot", "hive.delete_robot"
"""The permissions of accounts to let robots in and send them away, and to delete them."""

router = JsonRouter()


@router.read("/robots", schemas.Robots, gettext_noop("All known robots"))
def robots(request: HttpRequest) -> dict[str, Any]:
    """Return all known robots, those online first."""
    return {"robots": [robot.describe() for robot in Robot.objects.all()]}


@router.read("/robots/{device_id}", schemas.Robot, gettext_noop("One robot"), errors=["not_found"])
def robot(request: HttpRequest, device_id: schemas.DeviceId) -> dict[str, Any]:
    """Return one robot."""
    return _robot(device_id).describe()


@router.write(
    "/robots/{device_id}/approve",
    schemas.Robot,
    gettext_noop("Let a robot in"),
    errors=["not_found"],
)
@needs(Scope.ADMIN, DECIDE)
def approve(request: HttpRequest, device_id: schemas.DeviceId) -> dict[str, Any]:
    """Let a robot in; if it is connected, it gets its configuration."""
    return _decide(_robot(device_id), Approval.APPROVED)


@router.write(
    "/robots/{device_id}/revoke",
    schemas.Robot,
    gettext_noop("Revoke the access of a robot, or refuse one that waits"),
    errors=["not_found"],
)
@needs(Scope.ADMIN, DECIDE)
def revoke(request: HttpRequest, device_id: schemas.DeviceId) -> dict[str, Any]:
    """Revoke a robot's access. It stays known, so that it does not wait again."""
    return _decide(_robot(device_id), Approval.REFUSED)


@router.write(
    "/robots/{device_id}/forget",
    schemas.Robot,
    gettext_noop("Delete a robot that was not let in; if it connects again, it waits again"),
    errors=["not_found", "still_approved"],
)
@needs(Scope.ADMIN, FORGET)
def forget(request: HttpRequest, device_id: schemas.DeviceId) -> dict[str, Any]:
    """Delete a robot that waits or was refused, and return it."""
    target = _robot(device_id)
    if target.is_approved:
        detail = _("This robot was let in: revoke its access first.")
        raise InvalidRequestError("still_approved", detail, 409)
    answer = target.describe()
    target.delete()
    return answer


@router.write(
    "/robots/{device_id}/name",
    schemas.Robot,
    gettext_noop("Give a robot its name"),
    example={"name": "Moxie"},
    errors=["not_found"],
)
@needs(Scope.ADMIN, DECIDE)
def name(request: HttpRequest, device_id: schemas.DeviceId, given: schemas.Name) -> dict[str, Any]:
    """Name a robot; an empty name is its id again."""
    target = _robot(device_id)
    target.name = given.name
    target.save(update_fields=["name"])  # the signal of save() makes it known
    return target.describe()


@router.read("/admission", schemas.Admission, gettext_noop("Whether new robots have to wait"))
def admission(request: HttpRequest) -> dict[str, Any]:
    """Return whether new robots are let in, and how many wait."""
    return get_moxie_server().admission.describe()


@router.write(
    "/admission",
    schemas.Admission,
    gettext_noop("Let new robots in for a minute, or no longer"),
    operation_id="allowNewRobots",
    example={"enabled": True},
)
@needs(Scope.ADMIN, DECIDE)
def allow_new(request: HttpRequest, allow: schemas.AllowNew) -> dict[str, Any]:
    """Let the robots in that are new within a minute, or end that."""
    Configuration.open_to_new_robots(OPEN_SECONDS if allow.enabled else 0)
    server = get_moxie_server()
    server.setup.refresh()
    return server.admission.describe()


@router.write(
    "/robots/{device_id}/speak",
    {202: schemas.Spoken},
    gettext_noop("Say something through a robot"),
    example=EXAMPLE,
    errors=["not_found", "not_approved"],
)
@needs(Scope.SPEAK)
def speak(
    request: HttpRequest, device_id: schemas.DeviceId, speech: schemas.Speak
) -> dict[str, Any]:
    """Say something through a robot. The mirror speaks it also while the robot is offline."""
    check_size(speech)
    target = _approved_robot(device_id)
    server, line = get_moxie_server(), _new_line(speech, device_id)
    if target.online:  # before it is sent: a robot can answer at once
        line = _update_robot_part(line, "")
    is_sent = server.send_telehealth_speech(
        device_id,
        speech.text,
        speech.mood,
        speech.intensity,
        utterance_id=uuid.UUID(line["id"]),
        lang=speech.lang,
        voice=speech.voice,
    )
    is_delivered = target.online and is_sent
    if not is_delivered:
        line = _update_robot_part(
            line, delivery_status.NOT_THERE if is_sent else delivery_status.NO_BROKER
        )
    return {
        "id": line["id"],
        "robot": "online" if is_delivered else "offline",
        "detail": _detail(target, is_sent),
        "line": line,
    }


@router.write(
    "/robots/{device_id}/interrupt",
    {202: schemas.Sent},
    gettext_noop("Interrupt a robot's sentence, and clear its queue"),
    errors=["not_found", "not_approved"],
)
@needs(Scope.CONTROL)
def interrupt(request: HttpRequest, device_id: schemas.DeviceId) -> dict[str, Any]:
    """Stop a robot's current speech and clear its queue."""
    target = _approved_robot(device_id)
    return _receipt(target, get_moxie_server().send_telehealth_interrupt(device_id))


@router.write(
    "/robots/{device_id}/puppet",
    schemas.Robot,
    gettext_noop("Start or stop Puppet Mode"),
    example={"enabled": True},
    errors=["not_found", "not_approved"],
)
@needs(Scope.CONTROL)
def puppet(
    request: HttpRequest, device_id: schemas.DeviceId, puppet: schemas.Puppet
) -> dict[str, Any]:
    """Start or stop Puppet Mode. An offline robot gets the command when it connects."""
    target = _approved_robot(device_id)
    if target.puppet_mode != puppet.enabled:
        target.puppet_mode = puppet.enabled
        target.save(update_fields=["puppet_mode"])  # the signal of save() publishes it
    return target.describe()


@router.write(
    "/robots/{device_id}/wakeup",
    {202: schemas.Sent},
    gettext_noop("Wake a sleeping robot up"),
    errors=["not_found", "not_approved"],
)
@needs(Scope.CONTROL)
def wakeup(request: HttpRequest, device_id: schemas.DeviceId) -> dict[str, Any]:
    """Wake a sleeping robot up."""
    target = _approved_robot(device_id)
    return _receipt(target, get_moxie_server().send_wakeup(device_id))


@router.write(
    "/loudspeaker/speak",
    {202: schemas.SpokenAloud},
    gettext_noop("Say something without a robot"),
    operation_id="speakAloud",
    example=EXAMPLE,
)
@needs(Scope.SPEAK)
def speak_aloud(request: HttpRequest, speech: schemas.Speak) -> dict[str, Any]:
    """Say something through the loudspeaker only."""
    server, line = get_moxie_server(), _new_line(speech)
    server.say_aloud(
        speech.text,
        speech.mood,
        speech.intensity,
        utterance_id=uuid.UUID(line["id"]),
        lang=speech.lang,
        voice=speech.voice,
    )
    detail = _no_broker() if server.speech.describe()["broker_error"] else ""
    return {"id": line["id"], "detail": detail, "line": line}


@router.write(
    "/loudspeaker/interrupt",
    {202: schemas.Stopped},
    gettext_noop("Interrupt the loudspeaker, and clear its queue"),
    operation_id="interruptAloud",
)
@needs(Scope.CONTROL)
def interrupt_aloud(request: HttpRequest) -> dict[str, Any]:
    """Stop the loudspeaker, whatever the source, and clear the queue."""
    get_moxie_server().interrupt_loudspeaker()
    return {"detail": ""}


def check_size(speech: schemas.Speak) -> None:
    """Check that the words fit a robot's message, which has them twice: as text and as markup.

    Raises InvalidRequestError.
    """
    markup = make_markup(speech.text, speech.mood, speech.intensity)
    if len(dump({"text": speech.text, "markup": markup})) + COMMAND_BYTES > PAYLOAD_BYTES:
        raise InvalidRequestError(
            "text_too_long",
            _("Too long for a robot's message, which holds {limit} KiB: say it in parts.").format(
                limit=PAYLOAD_BYTES // 1024
            ),
        )


def _robot(device_id: str) -> Robot:
    """Return a robot, as it was known last while the database is unavailable.

    Raises InvalidRequestError.
    """
    try:
        found = Robot.objects.filter(device_id=device_id).first()
    except AWAY:
        found = get_moxie_server().robots.find(device_id)
    if found is None:
        raise InvalidRequestError("not_found", _("There is no such robot."), 404)
    return found


def _approved_robot(device_id: str) -> Robot:
    """Return a robot that was let in. Raises InvalidRequestError."""
    found = _robot(device_id)
    if not found.is_approved:
        raise InvalidRequestError("not_approved", _("This robot has not been let in."), 409)
    return found


def _decide(target: Robot, approval: Approval) -> dict[str, Any]:
    if target.approval != approval:
        target.approval = approval
        target.save(update_fields=["approval"])  # the signal of save() makes it known
    return target.describe()


def _new_line(speech: schemas.Speak, device_id: str = "") -> dict[str, Any]:
    line: dict[str, Any] = get_moxie_server().lines.add(
        uuid.uuid4(),
        device_id,
        speech.text,
        speech.mood,
        speech.intensity,
        lang=speech.lang,
        voice=speech.voice,
    )
    push_line(line)
    return line


def _update_robot_part(line: dict[str, Any], error: str) -> dict[str, Any]:
    moved = get_moxie_server().lines.sent_to_robot(line["id"], error)
    if moved is None:
        return line
    push_line(moved)
    return moved


def _receipt(target: Robot, is_sent: bool) -> dict[str, Any]:
    is_online = target.online and is_sent
    return {
        "robot": "online" if is_online else "offline",
        "detail": "" if is_online else _("The robot is offline."),
    }


def _detail(target: Robot, is_sent: bool) -> str:
    if not is_sent:
        return _no_broker()
    if not target.online:
        return _("The robot is offline: only the loudspeaker speaks.")
    if not target.puppet_mode:
        return _("Puppet Mode is not started: the robot itself may stay silent.")
    return ""


def _no_broker() -> str:
    return _(
        "The broker cannot be reached: the sentence is spoken when the broker is"
        " back, unless it has expired by then."
    )
