"""Ask the broker whether this account may publish on a topic.

Mosquitto acknowledges a message over MQTT 3.1.1 even if its access rules then drop it. Over MQTT 5
it says so. So a client of its own asks, once something published was not heard of again.
"""

from __future__ import annotations

import time
from typing import Any

import paho.mqtt.client as paho

from ttsmirror.conf import conf
from ttsmirror.mqtt.client import secure
from ttsmirror.mqtt.paho_compat import is_old

ANSWER_SECONDS = 2.0
LOOP_SECONDS = 0.02
NOT_AUTHORIZED = 135


def publish_asking(topic: str, payload: bytes, host: str, port: int) -> bool | None:
    """Publish a message; return True if the broker took it, False if its access rules forbid it.

    Return None if nothing was published, as over a broker without MQTT 5. It takes ANSWER_SECONDS
    at most, and some more where nothing listens.
    """
    if is_old():
        return None  # paho 1.6 does not pass on what the broker answers
    codes: list[int] = []
    is_refused: list[bool] = []

    def connected(client: paho.Client, data: Any, flags: Any, reason: Any, more: Any) -> None:
        if reason.is_failure:
            is_refused.append(True)  # such as a broker without MQTT 5
        else:
            client.publish(topic, payload, qos=1)

    client = paho.Client(
        paho.CallbackAPIVersion.VERSION2,  # type: ignore[attr-defined]
        protocol=paho.MQTTv5,
    )
    client.on_connect = connected
    client.on_publish = lambda client, data, mid, reason, more: codes.append(reason.value)
    secure(client, host)
    try:
        client.connect(host, port, conf.MQTT_KEEPALIVE)
        deadline = time.monotonic() + ANSWER_SECONDS
        while not (codes or is_refused) and time.monotonic() < deadline:
            if client.loop(LOOP_SECONDS) != paho.MQTT_ERR_SUCCESS:
                break
        client.disconnect()
    except OSError:
        return None  # the connection itself tells why
    return codes[0] != NOT_AUTHORIZED if codes else None
