"""Plays OpenMoxie's robot link: its names, its signatures, its messages, and none of its code."""

from __future__ import annotations

import json
import ssl
from typing import Any

import paho.mqtt.client as mqtt

from .moxie_remote_chat import RemoteChat

_INSTANCE: MoxieServer | None = None


class MoxieServer:
    """Sends commands to robots, and hands their requests on."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._remote_chat = RemoteChat(self)

    def on_connect(self, client: Any, *_: Any) -> None:
        client.subscribe([("/devices/+/events/#", 0), ("/devices/+/state", 0)])

    def on_message(self, client: Any, userdata: Any, msg: Any) -> None:
        _, _, device_id, kind, *name = msg.topic.split("/")
        if kind == "state":
            self.send_config_to_bot_json(device_id, {"pairing_status": "paired"})
        elif name == ["remote-chat"]:
            rcr = json.loads(msg.payload)
            if rcr.get("backend") == "router":
                self._remote_chat.handle_request(device_id, rcr, {})

    def send_config_to_bot_json(self, device_id: str, payload: dict[str, Any]) -> None:
        self._client.publish(f"/devices/{device_id}/config", payload=json.dumps(payload))

    def send_command_to_bot_json(
        self, device_id: str, command: str, payload: dict[str, Any]
    ) -> None:
        self._client.publish(
            f"/devices/{device_id}/commands/{command}", payload=json.dumps(payload)
        )

    def send_telehealth(self, device_id: str, msg: dict[str, Any]) -> None:
        self.send_command_to_bot_json(
            device_id, "telehealth", payload={"command": "telehealth", "message": msg}
        )

    def send_telehealth_speech(
        self, device_id: str, speech: str, mood: str, intensity: float
    ) -> None:
        markup = f"<mark name='{mood} {intensity}'/>{speech}"
        self.send_telehealth(
            device_id, {"action": "PLAY_OUTPUT", "output": {"text": speech, "markup": markup}}
        )

    def send_telehealth_interrupt(self, device_id: str) -> None:
        self.send_telehealth(device_id, {"action": "INTERRUPT"})


def get_instance() -> MoxieServer:
    assert _INSTANCE is not None
    return _INSTANCE


def create_service_instance(
    project_id: str, host: str, port: int, cert_required: bool = True
) -> MoxieServer:
    global _INSTANCE
    # Either version of paho: the old one knows no other callbacks, the new one deprecates these.
    version = getattr(mqtt, "CallbackAPIVersion", None)
    options: dict[str, Any] = {"client_id": project_id}
    if version is not None:
        options["callback_api_version"] = version.VERSION2
    client = mqtt.Client(**options)
    client.tls_set(cert_reqs=ssl.CERT_NONE)
    client.tls_insecure_set(True)
    _INSTANCE = MoxieServer(client)
    client.on_connect = _INSTANCE.on_connect
    client.on_message = _INSTANCE.on_message
    client.connect(host, port)
    client.loop_start()
    return _INSTANCE
