"""The checks of the two ends of the chain: who publishes sentences, and who speaks them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.mqtt.account import made_account
from ttsmirror.reasons import Reason
from ttsmirror.version import VERSION
from ttsmirror.wire.control import Control
from ttsmirror.wire.messages import (
    CONTROL_TOPIC,
    PLUG_IN_COMPONENT,
    SPEECH_COMPONENT,
    STATUS_TOPIC,
    parse_object,
)
from ttsmonitor.conf import conf
from ttsmonitor.doctor.base import Finding, Publication, fault, ok, warning
from ttsmonitor.doctor.broker_checks import MEND
from ttsmonitor.doctor.relay import relay
from ttsmonitor.doctor.situation import Situation
from ttsmonitor.speaking.streaming import STREAMING_COMPONENT
from ttsmonitor.system.commands import manage_command
from ttsmonitor.system.lock import Service
from ttsmonitor.system.ports import loopback_address

COMPARED = ("MQTT_HOST", "MQTT_PORT", "MQTT_SSL_PORT", "MQTT_TLS", "MQTT_TOPIC", "MQTT_USERNAME")
"""Settings that decide at which broker a service is, and under which name."""
SKEW_SECONDS = 5.0
LONG_QUEUE = 20
AUDIBLE_VOLUME = 0.6
OF_VOICE, OF_SOUND = "synthesis", "audio"
"""The speech service's health checks that have a check of their own here."""


@dataclass(frozen=True)
class _End:
    """One end of the chain."""

    component: str
    service: Service


_HIVE = _End(STREAMING_COMPONENT, Service.HIVE)
_SPEECH = _End(SPEECH_COMPONENT, Service.SPEECH)


def look_at_publisher(situation: Situation) -> Iterator[Finding]:
    """Check that a hive, or the mirror in an OpenMoxie, is at the broker."""
    visit = situation.visit
    if visit.presences(PLUG_IN_COMPONENT) and not visit.pongs(STREAMING_COMPONENT):
        if visit.is_marked_online(PLUG_IN_COMPONENT):
            yield ok(Reason("the mirror in an OpenMoxie is connected"))
            return
        yield fault(
            Reason(
                "the mirror in an OpenMoxie was at the broker and is not any more: start OpenMoxie"
            )
        )
        return
    yield from _look_at_end(situation, _HIVE)
    for pong in visit.pongs(STREAMING_COMPONENT):
        if (lost := _number(pong, "mirror", "lost")) > 0:
            yield warning(
                Reason(
                    "sentences that were given up: {count}. They waited for longer than"
                    " TTS_OUTBOX_HOURS, or were more than TTS_OUTBOX_ROWS",
                    count=lost,
                )
            )


def look_at_subscriber(situation: Situation) -> Iterator[Finding]:
    """Check that the speech service is at the broker, listens, and is not silenced."""
    yield from _look_at_end(situation, _SPEECH, without=(OF_VOICE, OF_SOUND))
    if situation.visit.pongs(SPEECH_COMPONENT):
        yield from _look_at_state(situation)


def look_at_rivals(situation: Situation) -> Iterator[Finding]:
    """Look for a second hive or speech service, with which everything is said twice."""
    visit = situation.visit
    is_alone = True
    for end in (_HIVE, _SPEECH):
        if visit.count_clients(end.component) > 1:
            is_alone = False
            yield fault(
                Reason(
                    "another {component} is at the broker {address}, and both do the same work:"
                    " stop one",
                    component=end.component,
                    address=visit.address,
                )
            )
    if visit.is_marked_online(PLUG_IN_COMPONENT) and visit.pongs(STREAMING_COMPONENT):
        is_alone = False
        yield warning(
            Reason("a hive and an OpenMoxie are at one broker: one robot needs only one of them")
        )
    if is_alone:
        yield ok(Reason("there is no second hive and no second speech service"))


def look_at_clocks(situation: Situation) -> Iterator[Finding]:
    """Compare the clocks of the services with this computer's."""
    offsets = {
        end.component: offset
        for end in (_HIVE, _SPEECH)
        if (offset := situation.visit.clock_offset(end.component)) is not None
    }
    wrong = {name: offset for name, offset in offsets.items() if abs(offset) > SKEW_SECONDS}
    for component, offset in wrong.items():
        yield warning(
            Reason(
                "the clock of the computer with {component} and this one's differ by {seconds} s",
                component=component,
                seconds=round(abs(offset)),
            ),
            "sudo timedatectl set-ntp true",
        )
    if not wrong:
        yield ok(Reason("no clock is off by more than {seconds} s", seconds=round(SKEW_SECONDS)))


def look_at_versions(situation: Situation) -> Iterator[Finding]:
    """Compare the versions of the services with this program's."""
    visit, is_same = situation.visit, True
    for component in (STREAMING_COMPONENT, SPEECH_COMPONENT, PLUG_IN_COMPONENT):
        found = visit.presences(component)[-1:]
        version = str(found[0].get("version") or "") if found else ""
        if version and found[0].get("status") == "online" and version != VERSION:
            is_same = False
            yield warning(
                Reason(
                    "{component} has version {version}, and this program {own}: update the older"
                    " one",
                    component=component,
                    version=version,
                    own=VERSION,
                )
            )
    if is_same:
        yield ok(Reason("everything at the broker has version {own}", own=VERSION))


def _look_at_end(
    situation: Situation, end: _End, *, without: tuple[str, ...] = ()
) -> Iterator[Finding]:
    visit = situation.visit
    pongs = visit.pongs(end.component)
    if not pongs:
        yield _absence(situation, end)
        return
    restart = situation.restart_command(end.service)
    failing = [each for pong in pongs for each in relay(pong, restart=restart, without=without)]
    yield from dict.fromkeys(failing)
    topics = {str(pong.get("topic") or conf.MQTT_TOPIC) for pong in pongs} - {conf.MQTT_TOPIC}
    for topic in topics:
        yield fault(
            Reason(
                "MQTT_TOPIC is {topic} for the {service} and {own} here: it has to be the same"
                " everywhere",
                topic=topic,
                service=end.service.value,
                own=conf.MQTT_TOPIC,
            )
        )
    if not failing and not topics:
        yield ok(Reason("the {service} answers", service=end.service.value))


def _absence(situation: Situation, end: _End) -> Finding:
    """Return why a service is not heard of."""
    visit, service = situation.visit, end.service.value
    process = situation.processes.get(end.service)
    if visit.is_marked_online(end.component):
        return fault(
            Reason(
                "the {service} is at the broker {address} but does not answer: it hangs, or its"
                " computer went away",
                service=service,
                address=visit.address,
            ),
            situation.restart_command(end.service) if process else "",
        )
    if process:
        different = _differences(process, end)
        code = Reason(
            "the {service} runs here (process {process}) but is not at the broker {address}",
            service=service,
            process=process,
            address=visit.address,
        )
        if different:
            code = Reason("{first}: it was started with {settings}", first=code, settings=different)
        return fault(code, situation.restart_command(end.service, has_wrong_settings=True))
    is_here = loopback_address(conf.MQTT_HOST) is not None or made_account(conf.MQTT_HOST)
    return fault(
        Reason(
            "no {service} is at the broker {address}: start it, or compare its MQTT_HOST and"
            " MQTT_PORT",
            service=service,
            address=visit.address,
        ),
        situation.restart_command(end.service) if is_here or end is _SPEECH else "",
    )


def _differences(process: str, end: _End) -> str:
    """Return the settings of the broker with which a process of ours differs from this one."""
    try:
        content = Path(f"/proc/{process}/environ").read_bytes()
    except OSError:  # another user's, in another container, or not on Linux
        return ""
    pairs = (each.partition("=") for each in content.decode("utf-8", "replace").split("\0"))
    theirs = {name: value for name, _sign, value in pairs if name in COMPARED}
    different = [
        f"{name}={theirs.get(name, '')}"
        for name in COMPARED
        if theirs.get(name, "") != os.environ.get(name, "")
    ]
    return " ".join(different)


def _look_at_state(situation: Situation) -> Iterator[Finding]:
    """Report what the speech service says of itself on the status topic."""
    status = _newest_status(situation)
    alerts = status.get("alerts")
    alerts = alerts if isinstance(alerts, list) else []
    command = manage_command(MEND)
    if "muted" in alerts:
        yield warning(Reason("the sound is muted"), command, (_control("unmute"),))
    if "silent" in alerts:
        louder = _control("volume", AUDIBLE_VOLUME)
        yield warning(Reason("the volume is zero"), command, (louder,))
    if "paused" in alerts:
        yield warning(Reason("the speech is paused"), command, (_control("resume"),))
    size = status.get("queue_size")
    if isinstance(size, int) and size > LONG_QUEUE:
        yield warning(Reason("{count} sentences wait in the queue", count=size))


def _number(pong: dict[str, Any], check: str, name: str) -> int:
    """Return a number of a health check; 0 if it is not there."""
    checks = pong.get("checks")
    found = checks.get(check) if isinstance(checks, dict) else None
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, int) else 0


def _control(action: str, value: float | None = None) -> Publication:
    return Publication(CONTROL_TOPIC, Control(action=action, value=value).to_payload())


def _newest_status(situation: Situation) -> dict[str, Any]:
    for heard in reversed(situation.visit.messages):
        if heard.topic == STATUS_TOPIC:
            try:
                return parse_object(heard.payload)
            except InvalidMessageError:
                break
    return {}
