"""Live events of the hive and the groups of pages that get them."""

from __future__ import annotations

import hashlib
from typing import Any

from hive.models import Robot
from ttsmonitor.live_events import ROBOTS_GROUP, push


def puppet_group(device_id: str) -> str:
    """Return the group of a robot's Puppet Mode pages; hashed, because group names are short."""
    return f"puppet.{hashlib.sha256(device_id.encode()).hexdigest()[:32]}"


def push_robot(robot: Robot) -> None:
    """Send a robot's new state to the pages."""
    push(ROBOTS_GROUP, "robot", {"robot": robot.describe()})


def push_gone(device_id: str) -> None:
    """Tell the pages that a robot was deleted."""
    push(ROBOTS_GROUP, "gone", {"device_id": device_id})


def push_admission(admission: dict[str, Any]) -> None:
    """Send to the pages how many robots wait, and whether new ones are let in."""
    push(ROBOTS_GROUP, "admission", {"admission": admission})


def push_speech(speech: dict[str, Any]) -> None:
    """Send the speech service's new state to the pages."""
    push(ROBOTS_GROUP, "speech", {"speech": speech})


def push_line(line: dict[str, Any]) -> None:
    """Send a line of Puppet Mode to the pages of its robot."""
    push(puppet_group(line["device_id"]), "line", {"line": line})


def push_favourites(favourites: list[dict[str, Any]]) -> None:
    """Send the favourite phrases to the pages."""
    push(ROBOTS_GROUP, "favourites", {"favourites": favourites})


def chat_group(visit: str) -> str:
    """Return the group of a conversation's pages."""
    return f"chat.{visit}"


def push_chat(visit: str, line: dict[str, Any]) -> None:
    """Send a line of a conversation to its pages."""
    push(chat_group(visit), "chat", {"line": line})


def push_bye() -> None:
    """Tell all pages that the server stops."""
    push(ROBOTS_GROUP, "bye", {})
