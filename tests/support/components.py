"""Stand-ins for hive and speech service at a real broker: presence, and answers to pings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import paho.mqtt.client as paho

from tests.support.tools import Listener
from ttsmirror.version import VERSION
from ttsmirror.wire.fields import format_time
from ttsmirror.wire.messages import HEALTH_TOPIC, presence_payload

FINE: dict[str, Any] = {"broker": {"ok": True, "detail": "ok", "reason": None}}


@contextmanager
def component(
    port: int,
    name: str,
    instance: str = "1.a",
    *,
    checks: dict[str, Any] | None = None,
    is_silent: bool = False,
    version: str = VERSION,
    ahead_seconds: float = 0.0,
    **fields: Any,
) -> Iterator[Listener]:
    """Be at the broker as a component within the block; `fields` are further ones of the pong."""
    client = Listener(port, HEALTH_TOPIC)

    def answer(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        ping = json.loads(message.payload)
        if ping.get("type") != "ping" or is_silent:
            return
        now = datetime.now(UTC) + timedelta(seconds=ahead_seconds)
        pong = {"type": "pong", "id": ping["id"], "component": name, "instance": instance}
        pong |= {"checks": checks or FINE, "timestamp": format_time(now)} | fields
        client.client.publish(HEALTH_TOPIC, json.dumps(pong))

    client.client.on_message = answer
    topic = f"{HEALTH_TOPIC}/{name}"
    client.publish(topic, presence_payload("online", name, version, instance), retain=True)
    try:
        yield client
    finally:
        client.publish(topic, b"", retain=True)
        client.close()


def failing(reason: Any) -> dict[str, Any]:
    """Return a failing health check with a Reason, or with a plain sentence."""
    as_json = reason.as_json() if hasattr(reason, "as_json") else None
    return {"ok": False, "detail": str(reason), "since": None, "reason": as_json}
