"""The hive's JSON API."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from hive.events import push_line
from hive.models import Robot
from hive.mqtt.markup import make_markup
from hive.mqtt.moxie_server import get_moxie_server
from hive.puppet import delivery_status
from ttsmirror.database import AWAY
from ttsmirror.wire.fields import PAYLOAD_BYTES, dump
from ttsmonitor.web.jsonapi import InvalidRequestError, endpoint, read_object, read_words
from ttsmonitor.web.labels import MOODS

COMMAND_BYTES = 128
"""What a robot's command has around the words, rounded up."""


@dataclass(frozen=True)
class Speech:
    """What somebody wants a robot to say."""

    text: str
    mood: str
    intensity: float


@endpoint("GET", "HEAD")
def robots(request: HttpRequest) -> JsonResponse:
    """All robots that were ever here, those online first."""
    return JsonResponse({"robots": [robot.describe() for robot in Robot.objects.all()]})


@endpoint("GET", "HEAD")
def robot(request: HttpRequest, device_id: str) -> JsonResponse:
    """One robot."""
    return JsonResponse(_robot(device_id).describe())


@endpoint("POST")
def speak(request: HttpRequest, device_id: str) -> JsonResponse:
    """Say something through a robot. Accepted also while it is offline: the mirror speaks."""
    speech = read_speech(request.body)
    check_size(speech)
    target = _robot(device_id)
    server, line = get_moxie_server(), _new_line(speech, device_id)
    if target.online:  # before it is: a robot can answer at once
        line = _tell_robots_part(line, "")
    is_sent = server.send_telehealth_speech(
        device_id, speech.text, speech.mood, speech.intensity, utterance_id=uuid.UUID(line["id"])
    )
    is_heard = target.online and is_sent
    if not is_heard:
        line = _tell_robots_part(
            line, delivery_status.NOT_THERE if is_sent else delivery_status.NO_BROKER
        )
    state = "online" if is_heard else "offline"
    return _accepted(line, robot=state, detail=_detail(target, is_sent))


@endpoint("POST")
def speak_aloud(request: HttpRequest) -> JsonResponse:
    """Say something without a robot: the loudspeaker only."""
    speech = read_speech(request.body)
    server, line = get_moxie_server(), _new_line(speech)
    server.say_aloud(speech.text, speech.mood, speech.intensity, utterance_id=uuid.UUID(line["id"]))
    detail = _no_broker() if server.speech.describe()["broker_error"] else ""
    return _accepted(line, detail=detail)


@endpoint("POST")
def interrupt_aloud(request: HttpRequest) -> JsonResponse:
    """Stop what the loudspeaker says, whoever it is from, and drop what waits."""
    get_moxie_server().interrupt_loudspeaker()
    return JsonResponse({"detail": ""}, status=202)


def _robot(device_id: str) -> Robot:
    """Return a robot, as it was known last while the database is away.

    Raises InvalidRequestError.
    """
    try:
        found = Robot.objects.filter(device_id=device_id).first()
    except AWAY:
        found = get_moxie_server().robots.find(device_id)
    if found is None:
        raise InvalidRequestError("not_found", _("There is no such robot."), 404)
    return found


def _new_line(speech: Speech, device_id: str = "") -> dict[str, Any]:
    line: dict[str, Any] = get_moxie_server().lines.add(
        uuid.uuid4(), device_id, speech.text, speech.mood, speech.intensity
    )
    push_line(line)
    return line


def _tell_robots_part(line: dict[str, Any], error: str) -> dict[str, Any]:
    moved = get_moxie_server().lines.sent_to_robot(line["id"], error)
    if moved is None:
        return line
    push_line(moved)
    return moved


def _accepted(line: dict[str, Any], **fields: str) -> JsonResponse:
    return JsonResponse({"id": line["id"], **fields, "line": line}, status=202)


def _no_broker() -> str:
    return _("The broker cannot be reached: it is spoken aloud when it is back, if still fresh.")


def _detail(target: Robot, is_sent: bool) -> str:
    if not is_sent:
        return _no_broker()
    if not target.online:
        return _("The robot is offline: it is spoken aloud only.")
    if not target.puppet_mode:
        return _("Puppet Mode is not started: the robot itself may stay silent.")
    return ""


@endpoint("POST")
def interrupt(request: HttpRequest, device_id: str) -> JsonResponse:
    """Stop what is said through a robot, and drop what waits."""
    target = _robot(device_id)
    return _done(target, get_moxie_server().send_telehealth_interrupt(device_id))


@endpoint("POST")
def wakeup(request: HttpRequest, device_id: str) -> JsonResponse:
    """Wake a sleeping robot up."""
    target = _robot(device_id)
    return _done(target, get_moxie_server().send_wakeup(device_id))


@endpoint("POST")
def puppet(request: HttpRequest, device_id: str) -> JsonResponse:
    """Start or stop Puppet Mode. A robot that is offline learns of it when it connects."""
    enabled = read_object(request.body).get("enabled")
    if not isinstance(enabled, bool):
        raise InvalidRequestError("invalid_enabled", _("enabled: give true or false."))
    target = _robot(device_id)
    if target.puppet_mode != enabled:
        target.puppet_mode = enabled
        target.save(update_fields=["puppet_mode"])  # and so it is published
    return JsonResponse(target.describe())


def _done(target: Robot, is_sent: bool) -> JsonResponse:
    is_online = target.online and is_sent
    detail = "" if is_online else _("The robot is offline.")
    state = "online" if is_online else "offline"
    return JsonResponse({"robot": state, "detail": detail}, status=202)


def read_speech(body: bytes) -> Speech:
    """What is to be said. Raises InvalidRequestError, with a sentence for whoever typed it."""
    fields = read_object(body)
    text, mood = read_words(fields), fields.get("mood", "neutral")
    if mood not in MOODS:
        choices = ", ".join(MOODS)
        raise InvalidRequestError(
            "unknown_mood", _("mood is none of: {choices}.").format(choices=choices)
        )
    return Speech(text, mood, _intensity(fields.get("intensity", 0.5)))


def check_size(speech: Speech) -> None:
    """A robot gets the words twice, the second time as markup: both have to fit one message.

    Raises InvalidRequestError where they do not.
    """
    markup = make_markup(speech.text, speech.mood, speech.intensity)
    if len(dump({"text": speech.text, "markup": markup})) + COMMAND_BYTES > PAYLOAD_BYTES:
        raise InvalidRequestError(
            "text_too_long",
            _("Too long for a robot's message, which holds {limit} KiB: say it in parts.").format(
                limit=PAYLOAD_BYTES // 1024
            ),
        )


def _intensity(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= 1:
        raise InvalidRequestError("invalid_intensity", _("intensity: give a number from 0 to 1."))
    return float(value)
