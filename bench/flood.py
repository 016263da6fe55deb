"""Either end of a flood of utterances, each in its own process: `feed` sends, `receive` takes.

Both say `ready` on standard output and then, in seconds since the epoch, when it began (`feed`,
once a line has come in) or was over (`receive`).
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
import uuid

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ttsmirror.wire.messages import Chunk

TOPIC = "moxie/tts/text"
CLIENT_ID = "bench-receiver"
IN_FLIGHT = 1_000
END_SECONDS = 120


def feed(port: int, count: int) -> None:
    """Publish this many messages at QoS 1, as fast as the broker takes them."""
    payloads = [
        Chunk(utterance_id=uuid.uuid4(), text=f"Hola, soy Moxie, y esto es {number}.").to_payload()
        for number in range(count)
    ]
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.max_queued_messages_set(0)
    client.max_inflight_messages_set(IN_FLIGHT)
    client.connect("127.0.0.1", port)
    client.loop_start()
    _say("ready")
    sys.stdin.readline()
    _say(f"{time.time()}")
    sent = [client.publish(TOPIC, payload, qos=1) for payload in payloads]
    sent[-1].wait_for_publish(END_SECONDS)
    client.disconnect()
    client.loop_stop()


def receive(port: int, count: int) -> None:
    """Receive and acknowledge this many messages like the speech service, and drop them."""
    is_over = threading.Event()
    received = 0

    def take(client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        nonlocal received
        received += 1
        client.ack(message.mid, message.qos)
        if received == count:
            _say(f"{time.time()}")
            is_over.set()

    client = paho.Client(
        CallbackAPIVersion.VERSION2, client_id=CLIENT_ID, clean_session=False, manual_ack=True
    )
    client.on_subscribe = lambda *_: _say("ready")
    client.on_message = take
    client.connect("127.0.0.1", port)
    client.subscribe(TOPIC, 1)
    client.loop_start()
    is_over.wait(END_SECONDS)
    client.unsubscribe(TOPIC)
    client.disconnect()
    client.loop_stop()


def _say(words: str) -> None:
    print(words, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("end", choices=["feed", "receive"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    args = parser.parse_args()
    {"feed": feed, "receive": receive}[args.end](args.port, args.count)


if __name__ == "__main__":
    main()
