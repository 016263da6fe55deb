"""Live changes of the hive: who may hear them, and how they are told."""

from __future__ import annotations

import hashlib
from typing import Any

from hive.models import Robot
from ttsmonitor.live_events import ROBOTS_GROUP, push


def puppet_group(device_id: str) -> str:
    """The group of the Puppet Mode pages of one robot; a hash, because group names are limited."""
    return f"puppet.{hashlib.sha256(device_id.encode()).hexdigest()[:32]}"


def push_robot(robot: Robot) -> None:
    """Tell the pages how a robot is now."""
    push(ROBOTS_GROUP, "robot", {"robot": robot.describe()})


def push_speech(speech: dict[str, Any]) -> None:
    """Tell the pages how the speech service is now."""
    push(ROBOTS_GROUP, "speech", {"speech": speech})


def push_line(line: dict[str, Any]) -> None:
    """Tell a robot's pages what became of something said there."""
    push(puppet_group(line["device_id"]), "line", {"line": line})


def push_favourites(favourites: list[dict[str, Any]]) -> None:
    """Tell the pages which phrases are kept now."""
    push(ROBOTS_GROUP, "favourites", {"favourites": favourites})


def chat_group(visit: str) -> str:
    """The group of the pages of one conversation."""
    return f"chat.{visit}"


def push_chat(visit: str, line: dict[str, Any]) -> None:
    """Tell the pages of a conversation of a line, or of what became of it."""
    push(chat_group(visit), "chat", {"line": line})


def push_bye() -> None:
    """Tell all pages that the server stops."""
    push(ROBOTS_GROUP, "bye", {})
