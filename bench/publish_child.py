"""The publisher's process: call publish_text() and print the durations as JSON.

It prints `ready` and begins when a line arrives on standard input, once the broker is prepared.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import threading
import time
from collections import Counter
from typing import Any

import django

from bench.machine import wait_until

WORDS = "Hola, soy Moxie hablando en español y hoy estoy muy contento. "
DEVICE = "d_bench"
PUBLISHER_THREAD = "ttsmirror.publisher"
CONNECT_SECONDS = 20


class Complaints(logging.Handler):
    """A log handler that counts warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.counts: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        self.counts[f"{record.name}: {record.msg}"] += 1


class Publishing:
    """Timed calls of publish_text()."""

    def __init__(self) -> None:
        from hive.mqtt.mqtt_tts_mirror import get_tts_mirror
        from ttsmirror.publishing.publisher import Listener

        self.sent = 0
        self._mirror = get_tts_mirror()
        self._mirror.add_listener(Listener(on_sent=self._count_sent))

    def call(self, number: int) -> float:
        """Make one call. Return its microseconds."""
        text = f"{WORDS}{number}"
        start = time.perf_counter_ns()
        self._mirror.publish_text(
            text, source="chat", device_id=DEVICE, mood="happy", intensity=0.5
        )
        return (time.perf_counter_ns() - start) / 1000

    def paced(self, calls: int, rate: float) -> list[float]:
        """Make this many calls at this rate per second."""
        start = time.perf_counter()
        times = []
        for number in range(calls):
            if (ahead := start + number / rate - time.perf_counter()) > 0:
                time.sleep(ahead)
            times.append(self.call(number))
        return times

    def burst(self, calls: int) -> list[float]:
        """Make this many calls without pause."""
        return [self.call(number) for number in range(calls)]

    def _count_sent(self, _utterance_id: str) -> None:
        self.sent += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--burst", type=int, required=True)
    parser.add_argument("--connect", action="store_true")
    args = parser.parse_args()
    django.setup()
    complaints = Complaints()
    logging.getLogger().handlers = [complaints]
    publishing = Publishing()
    first = publishing.call(0)
    if args.connect:
        wait_until(lambda: publishing.sent == 1, "the broker", CONNECT_SECONDS)
    print("ready", flush=True)
    sys.stdin.readline()
    results = {"first": first}
    for way in ("paced", "burst"):
        results |= _measure(publishing, way, args)
    print(json.dumps(results | {"complaints": complaints.counts}), flush=True)
    # Do not wait for the broker: unsent messages are irrelevant now.
    os._exit(0)


def _measure(publishing: Publishing, way: str, args: argparse.Namespace) -> dict[str, Any]:
    from ttsmirror.models import OutboxEntry

    sent, start = publishing.sent, time.perf_counter()
    if way == "paced":
        times = publishing.paced(args.calls, args.rate)
    else:
        times = publishing.burst(args.burst)
    seconds = time.perf_counter() - start
    return {
        way: {
            "times": times,
            "rate": len(times) / seconds,
            "sent": publishing.sent - sent,
            "outbox": OutboxEntry.objects.count(),
            "thread": any(each.name == PUBLISHER_THREAD for each in threading.enumerate()),
        }
    }


if __name__ == "__main__":
    main()
