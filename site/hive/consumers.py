"""The hive's WebSockets: dashboard, Puppet Mode, loudspeaker, conversation."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from hive import snapshot
from hive.chat.sessions import is_visit
from hive.events import chat_group, puppet_group
from hive.models import Robot
from ttsmonitor.live_events import ROBOTS_GROUP
from ttsmonitor.web.live_consumer import LiveConsumer


class HiveConsumer(LiveConsumer):
    """The dashboard's socket."""

    answers: ClassVar = {"snapshot": lambda self: snapshot.dashboard()}

    def wanted_groups(self) -> list[str]:
        """Return the groups whose events the page gets."""
        return [ROBOTS_GROUP]


class PuppetConsumer(LiveConsumer):
    """The socket of a robot's Puppet Mode page."""

    answers: ClassVar = {"snapshot": lambda self: self.snapshot()}

    @property
    def device_id(self) -> str:
        """The robot of the page."""
        return str(self.scope["url_route"]["kwargs"]["device_id"])

    async def exists(self) -> bool:
        """Return True for a robot that was let in."""
        if "\0" in self.device_id:  # PostgreSQL refuses such a parameter
            return False
        return await Robot.objects.approved().filter(device_id=self.device_id).aexists()

    def wanted_groups(self) -> list[str]:
        """Return the groups whose events the page gets."""
        return [ROBOTS_GROUP, puppet_group(self.device_id)]

    def concerns(self, kind: str, text: str) -> bool:
        """Return False for events of other robots."""
        return kind != "robot" or bool(json.loads(text)["robot"]["device_id"] == self.device_id)

    def snapshot(self) -> dict[str, Any]:
        """Return everything the page shows."""
        return snapshot.puppet(Robot.objects.get(device_id=self.device_id))


class LoudspeakerConsumer(LiveConsumer):
    """The socket of the page that speaks without a robot."""

    answers: ClassVar = {"snapshot": lambda self: snapshot.puppet(None)}

    def wanted_groups(self) -> list[str]:
        """Return the groups whose events the page gets."""
        return [ROBOTS_GROUP, puppet_group("")]

    def concerns(self, kind: str, text: str) -> bool:
        """Return False for events of robots."""
        return kind != "robot"


class ChatConsumer(LiveConsumer):
    """The socket of the page of a conversation without a robot."""

    answers: ClassVar = {"snapshot": lambda self: snapshot.chat(self.visit)}

    @property
    def visit(self) -> str:
        """The conversation of the page."""
        return str(self.scope["url_route"]["kwargs"]["visit"])

    async def exists(self) -> bool:
        """Return True for a well-formed name of a conversation."""
        return is_visit(self.visit)

    def wanted_groups(self) -> list[str]:
        """Return the groups whose events the page gets."""
        return [ROBOTS_GROUP, chat_group(self.visit)]

    def concerns(self, kind: str, text: str) -> bool:
        """Return False for events of robots."""
        return kind != "robot"
