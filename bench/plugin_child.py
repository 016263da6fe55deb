"""Time the commands of the stand-in for OpenMoxie with the mirror plugged in, and print JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import Any

import django
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

ROBOT = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
WORDS = "Hola, soy Moxie hablando en español y hoy estoy muy contento."
STAND_IN = "tests.standins.openmoxie.site"
PAUSE_SECONDS = 0.02
WARM_UP = 50


class Robot:
    """A client in its own process that reports when its commands arrived."""

    def __init__(self, port: int) -> None:
        command = [sys.executable, "-m", "bench.plugin_child", "robot", str(port), "0"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        if self._line() != "ready":
            raise LookupError("the robot did not start")

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def arrival(self) -> int:
        """Wait for the next command. Return its arrival in nanoseconds of the system clock."""
        return int(self._line())

    def close(self) -> None:
        self._process.kill()


def be_robot(port: int) -> None:
    ready = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda *_: print(time.monotonic_ns(), flush=True)
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.subscribe(f"/devices/{ROBOT}/commands/#")
    client.loop_start()
    ready.wait(10)
    print("ready", flush=True)
    threading.Event().wait()


def main(way: str, port: int, calls: int) -> None:
    django.setup()
    from tests.standins.openmoxie.site.hive.mqtt.moxie_server import MoxieServer

    if way != "without":
        _plug_in(is_raising=way == "raising")
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    robot, server = Robot(port), MoxieServer(client)
    results: dict[str, list[float]] = {"arrived": [], "returned": []}
    for number in range(WARM_UP + calls):
        time.sleep(PAUSE_SECONDS)
        start = time.monotonic_ns()
        server.send_telehealth_speech(ROBOT, f"{WORDS} {number}", "happy", 0.5)
        returned = time.monotonic_ns()
        arrived = robot.arrival()
        if number >= WARM_UP:
            results["arrived"].append((arrived - start) / 1000)
            results["returned"].append((returned - start) / 1000)
    robot.close()
    print(json.dumps(results), flush=True)
    # Do not wait for the mirror's broker: unsent messages are irrelevant now.
    os._exit(0)


def _plug_in(*, is_raising: bool) -> None:
    from ttsmirror.instrumentation import openmoxie
    from ttsmirror.instrumentation.patch_targets import PATCH_TARGETS

    points = tuple(replace(each, module=f"{STAND_IN}.{each.module}") for each in PATCH_TARGETS)
    openmoxie.PATCH_TARGETS = points  # type: ignore[attr-defined, assignment]
    if is_raising:
        openmoxie.get_tts_mirror = _fail  # type: ignore[attr-defined, assignment]
    if missing := openmoxie.instrument():
        raise LookupError(missing)


def _fail() -> Any:
    raise RuntimeError("the mirror is broken")


if __name__ == "__main__":
    if sys.argv[1] == "robot":
        be_robot(int(sys.argv[2]))
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
