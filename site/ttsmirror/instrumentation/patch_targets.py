"""The methods of an OpenMoxie to patch, by name and parameters.

script/plug-into reads this too, on a machine that may have no Django.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PatchTarget:
    """A method of OpenMoxie and the purpose of its patch."""

    module: str
    owner: str
    name: str
    parameters: tuple[str, ...]
    """The first ones after self; there may be more."""
    purpose: str

    def __str__(self) -> str:
        return f"{self.owner}.{self.name}({', '.join(self.parameters)}) for {self.purpose}"


PATCH_TARGETS = (
    PatchTarget(
        "hive.mqtt.moxie_server",
        "MoxieServer",
        "__init__",
        (),
        "the connection from the start on",
    ),
    PatchTarget(
        "hive.mqtt.moxie_server",
        "MoxieServer",
        "send_command_to_bot_json",
        ("device_id", "command", "payload"),
        "Puppet Mode, answers and interrupts",
    ),
    PatchTarget(
        "hive.mqtt.moxie_server",
        "MoxieServer",
        "send_telehealth_speech",
        ("device_id", "speech", "mood", "intensity"),
        "the mood in Puppet Mode",
    ),
    PatchTarget(
        "hive.mqtt.moxie_remote_chat",
        "RemoteChat",
        "handle_request",
        ("device_id", "rcr", "volley_data"),
        "what the robot says by itself",
    ),
)
