"""The message that makes Moxie a device in Home Assistant.

Home Assistant's names of its options are used unabbreviated. Each entity reads its part of the
state topic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from ttsmirror.version import VERSION
from ttsmirror.wire.control import Control
from ttsmirror.wire.messages import CONTROL_TOPIC, ENDS, HEALTH_TOPIC, SPEECH_COMPONENT
from ttsmonitor.integrations.home_assistant.topics import MOOD, REPLAY, SAY, VOICE, DeviceTopics

ORIGIN = "Moxie TTS Mirror"
NAME = "Moxie"
STATES = ("idle", "synthesizing", "playing", "paused")
ON, OFF = "ON", "OFF"
PRESS = "PRESS"


def describe_device(
    topics: DeviceTopics, voices: Sequence[str], moods: Sequence[str]
) -> dict[str, Any]:
    """Return the discovery message, with names in the current language.

    `voices` and `moods` are the labels that its lists offer.
    """
    return {
        "device": {
            "identifiers": [topics.device],
            "name": NAME,
            "model": ORIGIN,
            "sw_version": VERSION,
        },
        "origin": {"name": ORIGIN, "sw_version": VERSION},
        "availability_topic": f"{HEALTH_TOPIC}/{SPEECH_COMPONENT}",
        "availability_template": "{{ value_json.status }}",
        "payload_available": "online",
        "payload_not_available": "offline",
        "components": {
            name: {
                "unique_id": f"{topics.device}_{name}",
                "default_entity_id": f"{entity['platform']}.moxie_{name}",
                **entity,
            }
            for name, entity in _entities(topics, voices, moods).items()
        },
    }


def _entities(
    topics: DeviceTopics, voices: Sequence[str], moods: Sequence[str]
) -> dict[str, dict[str, Any]]:
    state = {"state_topic": topics.state}
    return {
        "say": {
            "platform": "notify",
            "name": _("Say"),
            "icon": "mdi:bullhorn",
            "command_topic": topics.command(SAY),
            "qos": 1,
        },
        "state": {
            "platform": "sensor",
            "name": _("State"),
            "icon": "mdi:robot-happy",
            "device_class": "enum",
            "options": list(STATES),
            "value_template": "{{ value_json.state }}",
            **state,
        },
        "last_words": {
            "platform": "sensor",
            "name": _("Last words"),
            "icon": "mdi:comment-text",
            "value_template": "{{ value_json.last_words }}",
            "json_attributes_topic": topics.state,
            "json_attributes_template": "{{ value_json.last_utterance | tojson }}",
            **state,
        },
        "queue": {
            "platform": "sensor",
            "name": _("Queue"),
            "icon": "mdi:tray-full",
            "state_class": "measurement",
            "value_template": "{{ value_json.queue_size }}",
            **state,
        },
        "first_sound": {
            "platform": "sensor",
            "name": _("Time to first sound"),
            "entity_category": "diagnostic",
            "device_class": "duration",
            "state_class": "measurement",
            "unit_of_measurement": "ms",
            "suggested_display_precision": 0,
            "value_template": "{{ value_json.first_sound_ms }}",
            **state,
        },
        "interrupt": _button(_("Interrupt"), "mdi:stop", _control("interrupt")),
        "skip": _button(_("Skip"), "mdi:skip-next", _control("skip")),
        "replay": _button(
            _("Say it again"),
            "mdi:replay",
            {"command_topic": topics.command(REPLAY), "payload_press": PRESS},
        ),
        "mute": _switch(_("Mute"), "mdi:volume-off", "mute", "unmute", "muted") | state,
        "pause": _switch(_("Pause"), "mdi:pause", "pause", "resume", "paused") | state,
        "volume": {
            "platform": "number",
            "name": _("Volume"),
            "icon": "mdi:volume-high",
            "min": 0,
            "max": 100,
            "step": 1,
            "mode": "slider",
            "unit_of_measurement": "%",
            "command_topic": CONTROL_TOPIC,
            "command_template": '{"action": "volume", "value": {{ value / 100 }}}',
            "qos": 1,
            "value_template": "{{ value_json.volume }}",
            **state,
        },
        "voice": {
            "platform": "select",
            "name": _("Voice"),
            "icon": "mdi:account-voice",
            "entity_category": "config",
            "options": list(voices),
            "command_topic": topics.command(VOICE),
            "qos": 1,
            "value_template": "{{ value_json.voice }}",
            **state,
        },
        "mood": {
            "platform": "select",
            "name": _("Mood"),
            "icon": "mdi:emoticon",
            "entity_category": "config",
            "options": list(moods),
            "command_topic": topics.command(MOOD),
            "qos": 1,
            # The broker keeps it, so that the service knows it again after a restart.
            "retain": True,
            "value_template": "{{ value_json.mood }}",
            **state,
        },
        "speech_ended": {
            "platform": "event",
            "name": _("Speech ended"),
            "icon": "mdi:message-check",
            "event_types": list(ENDS),
            "state_topic": topics.event,
        },
    }


def _control(action: str) -> dict[str, str]:
    return {
        "command_topic": CONTROL_TOPIC,
        "payload_press": Control(action=action).to_payload().decode(),
    }


def _button(name: str, icon: str, command: dict[str, str]) -> dict[str, Any]:
    return {"platform": "button", "name": name, "icon": icon, "qos": 1, **command}


def _switch(name: str, icon: str, turn_on: str, turn_off: str, field: str) -> dict[str, Any]:
    return {
        "platform": "switch",
        "name": name,
        "icon": icon,
        "command_topic": CONTROL_TOPIC,
        "payload_on": Control(action=turn_on).to_payload().decode(),
        "payload_off": Control(action=turn_off).to_payload().decode(),
        "qos": 1,
        "state_on": ON,
        "state_off": OFF,
        "value_template": f"{{{{ value_json.{field} }}}}",
    }
