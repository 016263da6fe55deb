"""The topics over which Home Assistant and the speech service talk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ttsmirror.mqtt.identity import client_id
from ttsmonitor.conf import conf

CLIENT_NAME = "moxie-home-assistant"
BASE = "moxie/home_assistant"
"""Everything below it is between Home Assistant and the speech service."""
ID_CHARACTERS = 12
SAY, REPLAY, VOICE, MOOD = "say", "replay", "voice", "mood"
"""Last levels of the command topics. The other controls go to moxie/tts/control."""


@dataclass(frozen=True)
class DeviceTopics:
    """The topics of one installation, which is one device in Home Assistant."""

    device: str
    """Id of the device, and level of its topics."""

    @property
    def discovery(self) -> str:
        """Topic of the retained message that describes the device."""
        return f"{conf.HA_DISCOVERY_PREFIX}/device/{self.device}/config"

    @property
    def birth(self) -> str:
        """Topic on which Home Assistant says that it has started."""
        return f"{conf.HA_DISCOVERY_PREFIX}/status"

    @property
    def state(self) -> str:
        """Topic of the retained state."""
        return f"{BASE}/{self.device}/state"

    @property
    def event(self) -> str:
        """Topic of how utterances ended."""
        return f"{BASE}/{self.device}/event"

    @property
    def commands(self) -> str:
        """Filter of all command topics."""
        return self.command("+")

    def command(self, name: str) -> str:
        """Return the topic of a command."""
        return f"{BASE}/{self.device}/set/{name}"

    @property
    def retained(self) -> tuple[str, ...]:
        """The topics whose newest message the broker keeps."""
        return self.discovery, self.state, self.command(MOOD)


def own_topics() -> DeviceTopics:
    """Return the topics of this installation, the same at every start.

    Raises MoxieTTSError if the installation's id cannot be written.
    """
    digest = hashlib.sha256(client_id(CLIENT_NAME).encode()).hexdigest()
    return DeviceTopics(f"moxie_{digest[:ID_CHARACTERS]}")
