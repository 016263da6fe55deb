"""Measure what the plug-in costs a real OpenMoxie that keeps its data in its own SQLite file.

A robot reports progress and gets Puppet Mode commands; then more robots connect, one at a time:
several at once make OpenMoxie's own threads lock each other out. In turns without and with the
mirror.
"""

from __future__ import annotations

import argparse
import json
import os
import ssl
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench import ROOT
from bench.machine import BenchError, note, wait_until, work_directory
from bench.tables import Wanted, median, percentile, report, table

WAYS = ("without", "with")
REPORT_SECONDS = 0.1
COMMAND_SECONDS = 0.5
ARRIVAL_SECONDS = 10.0
SETTLE_SECONDS = 10.0
"""Time limit to store a report; OpenMoxie waits 5 s for a locked database."""
LATER_PERCENT = 10.0


@dataclass
class Outcome:
    """The results of one or several runs."""

    commands_ms: list[float] = field(default_factory=list)
    """Times from the page's request to the robot, in milliseconds."""
    reports: int = 0
    lost_reports: int = 0
    robots: int = 0
    unconfigured_robots: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.commands_ms + other.commands_ms,
            self.reports + other.reports,
            self.lost_reports + other.lost_reports,
            self.robots + other.robots,
            self.unconfigured_robots + other.unconfigured_robots,
        )

    def row(self, name: str) -> list[str | float | None]:
        return [
            name,
            f"{self.lost_reports} of {self.reports}",
            f"{self.unconfigured_robots} of {self.robots}",
            len(self.commands_ms),
            median(self.commands_ms),
            percentile(self.commands_ms, 99),
        ]


def run(args: argparse.Namespace) -> bool:
    """Measure and print. Return True if nothing is lost and commands are not later."""
    if not args.python:
        raise BenchError("--openmoxie needs --python: one with OpenMoxie's requirements")
    # The simulated parts of the tests read our settings.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openmoxie.settings")
    totals = {way: Outcome() for way in WAYS}
    head = [
        "the mirror is",
        "reports lost",
        "robots without configuration",
        "commands",
        "median, ms",
        "p99, ms",
    ]
    with work_directory() as work:
        os.environ["MOXIE_WORK_DIR"] = str(work / "ours")
        django.setup()
        rows: list[list[str | float | None]] = []
        for number in range(args.rounds):
            for way in WAYS if number % 2 == 0 else reversed(WAYS):
                note(f"openmoxie: {way}, round {number + 1}, load {os.getloadavg()[0]:.2f}")
                folder = work / f"{number}-{way}"
                folder.mkdir()
                outcome = _measure(way, folder, args)
                rows.append(outcome.row(f"{way}, round {number + 1}"))
                totals[way] += outcome
    rows += [outcome.row(f"{way}, all") for way, outcome in totals.items()]
    load = os.getloadavg()[0]
    print(f"\nopenmoxie: {args.seconds} s in each round, load {load:.2f} at the end\n")
    print(table(head, rows), "\n")
    return report(wanted(totals))


def wanted(totals: dict[str, Outcome]) -> list[Wanted]:
    """Return the wanted values with the measured ones."""
    base = percentile(totals["without"].commands_ms, 99) or 1.0
    later = (percentile(totals["with"].commands_ms, 99) or 0.0) / base * 100 - 100
    return [
        *(Wanted(f"{way}: reports lost", totals[way].lost_reports, 0) for way in WAYS),
        *(Wanted(f"{way}: robots lost", totals[way].unconfigured_robots, 0) for way in WAYS),
        Wanted("p99 of a command, later", later, LATER_PERCENT, " %"),
    ]


def _measure(way: str, folder: Path, args: argparse.Namespace) -> Outcome:
    """Run a fresh clone under load."""
    from tests.acceptance.real_openmoxie import running
    from tests.support.openmoxie import ROBOT

    clone = folder / "checkout"
    subprocess.run(["git", "clone", "-q", str(args.openmoxie), str(clone)], check=True)
    if way == "with":
        _plug(args.mirror or ROOT, clone)
    with ExitStack() as stack:
        openmoxie, speech, port = stack.enter_context(running(clone, args.python, folder))
        wait_until(lambda: "Connected with result code" in openmoxie.output, "OpenMoxie's broker")
        robot = stack.enter_context(connected(port, ROBOT))
        robot.wait_for_config()
        openmoxie.puppet(command="interrupt")  # the first request loads modules
        load = _Load(openmoxie, robot, port)
        load.run(args.seconds)
        if way == "with" and len(speech.heard) < len(load.outcome.commands_ms):
            raise BenchError(f"the mirror heard {len(speech.heard)} sentences only")
        return load.outcome


def _plug(mirror: Path, clone: Path) -> None:
    command = [str(mirror / "script" / "plug-into"), str(clone)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(done.stderr)


class _Load:
    """Progress reports and commands, then connecting robots and commands."""

    def __init__(self, openmoxie: Any, robot: Robot, port: int) -> None:
        self.outcome = Outcome()
        self._openmoxie, self._robot, self._port = openmoxie, robot, port

    def run(self, seconds: float) -> None:
        before = self._kept()
        reports = (REPORT_SECONDS, self._report)
        commands = (COMMAND_SECONDS, self._command)
        _together(seconds, reports, commands)
        settled = time.monotonic() + SETTLE_SECONDS
        while self._kept() - before < self.outcome.reports and time.monotonic() < settled:
            time.sleep(0.2)
        self.outcome.lost_reports = self.outcome.reports - (self._kept() - before)
        with ExitStack() as robots:
            _together(seconds / 2, commands, (0.0, lambda number: self._connect(robots)))

    def _kept(self) -> int:
        ((count,),) = self._openmoxie.rows("select count(*) from hive_mentorbehavior")
        return int(count)

    def _report(self, number: int) -> None:
        self.outcome.reports += 1
        self._robot.report(
            {
                "module_id": "DM",
                "content_id": f"mission-{number}",
                "content_day": "1",
                "timestamp": time.time_ns() // 1_000_000,
                "action": "COMPLETED",
                "instance_id": number,
            }
        )

    def _command(self, number: int) -> None:
        words = f"Hola, soy Moxie y hoy estoy muy contento: {number}, {time.monotonic()}."
        began = time.monotonic()
        self._openmoxie.puppet(command="speak", speech=words, mood="happy", intensity="0.5")
        self.outcome.commands_ms.append((self._robot.arrival(words) - began) * 1000)

    def _connect(self, robots: ExitStack) -> None:
        """Connect one more robot. It stays: OpenMoxie writes when one leaves."""
        self.outcome.robots += 1
        robot = robots.enter_context(connected(self._port, f"d_{uuid.uuid4()}"))
        try:
            robot.wait_for_config()
        except BenchError:
            self.outcome.unconfigured_robots += 1


def _together(seconds: float, *steps: tuple[float, Callable[[int], None]]) -> None:
    """Repeat each step in its own period, on a thread of its own."""
    ends = time.monotonic() + seconds
    with ThreadPoolExecutor(len(steps)) as threads:
        for each in [threads.submit(_every, period, ends, step) for period, step in steps]:
            each.result()


def _every(period: float, ends: float, step: Callable[[int], None]) -> None:
    """Call `step` with a growing number once a period. Late calls follow at once."""
    due, number = time.monotonic(), 0
    while due < ends and time.monotonic() < ends:
        time.sleep(max(0.0, due - time.monotonic()))
        step(number)
        due, number = due + period, number + 1


class Robot:
    """A robot as far as OpenMoxie's database is concerned: it connects and reports."""

    def __init__(self, port: int, device_id: str) -> None:
        self._topic = f"/devices/{device_id}"
        self._is_configured = threading.Event()
        self._arrivals: dict[str, float] = {}
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=device_id)
        self.client.username_pw_set("unknown", "header.payload.signature")
        self.client.tls_set(cert_reqs=ssl.CERT_NONE)
        self.client.tls_insecure_set(True)
        self.client.on_connect = self._connected
        self.client.on_message = self._received
        self.client.connect("localhost", port)
        self.client.loop_start()

    def _connected(self, client: paho.Client, *_: Any) -> None:
        client.subscribe([(f"{self._topic}/config", 1), (f"{self._topic}/commands/telehealth", 1)])

    def _received(self, client: paho.Client, data: Any, message: paho.MQTTMessage) -> None:
        now = time.monotonic()
        if message.topic.endswith("/config"):
            self._is_configured.set()
            return
        said = json.loads(message.payload)["message"]
        self._arrivals[said.get("output", {}).get("text", "")] = now

    def wait_for_config(self) -> None:
        if not self._is_configured.wait(ARRIVAL_SECONDS):
            raise BenchError("OpenMoxie sent the robot no configuration")

    def report(self, progress: dict[str, Any]) -> None:
        topic = f"{self._topic}/events/client-service-activity-log"
        self.client.publish(topic, json.dumps({"mentor_behavior": progress}), qos=1)

    def arrival(self, words: str) -> float:
        """Wait for a command with these words. Return when it came, in time.monotonic()."""
        wait_until(lambda: words in self._arrivals, f"the command {words!r}", ARRIVAL_SECONDS)
        return self._arrivals[words]


@contextmanager
def connected(port: int, device_id: str) -> Iterator[Robot]:
    """Connect a robot within the block."""
    robot = Robot(port, device_id)
    try:
        yield robot
    finally:
        robot.client.disconnect()
        robot.client.loop_stop()
