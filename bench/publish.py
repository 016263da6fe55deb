"""Measure what a call of publish_text() costs its caller."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from bench import ROOT
from bench.baseline_client import BaselineProcess
from bench.machine import (
    BenchError,
    Broker,
    clean_environment,
    free_port,
    make_database,
    note,
    work_directory,
)
from bench.tables import Wanted, median, percentile, report, table

STATES = ("up", "down", "frozen")
RATE = 2_000.0
"""Calls per second: a hundred robots that all speak, and more."""
BURST = 2_000
P99_US = 100


def run(args: argparse.Namespace) -> bool:
    """Measure and print. Return True if the wanted values hold."""
    results = {}
    with work_directory() as work:
        fresh = work / "fresh"
        make_database(clean_environment(fresh))
        for state in STATES:
            note(f"publish: broker {state}")
            shutil.copytree(fresh, work / state)
            results[state] = _measure(state, work / state, args.calls)
    print(
        f"\npublish: publish_text(), µs a call; {args.calls:,} at {RATE:,.0f}/s, "
        f"then {BURST:,} at once\n"
    )
    head = ["broker", "calls", "calls/s", "median", "p99", "max", "sent meanwhile", "in the outbox"]
    print(table(head, _rows(results)), "\n")
    for state, result in results.items():
        print(f"broker {state}: the first call of the process {result['first']:.0f} µs")
        for words, count in result["complaints"].items():
            print(f"broker {state}: {count} × {words}")
    print()
    wanted = []
    for state, result in results.items():
        for way in ("paced", "burst"):
            p99 = percentile(result[way]["times"], 99) or 0
            wanted.append(Wanted(f"broker {state}, {way}, p99", p99, P99_US, " µs"))
    return report(wanted)


def _rows(results: dict[str, Any]) -> list[list[str | float | None]]:
    rows = []
    for state, result in results.items():
        for way in ("paced", "burst"):
            each = result[way]
            times = each["times"]
            rows.append(
                [
                    f"{state}, {way}",
                    len(times),
                    each["rate"],
                    median(times),
                    percentile(times, 99),
                    max(times),
                    each["sent"],
                    each["outbox"],
                ]
            )
    return rows


def _measure(state: str, work: Path, calls: int) -> dict[str, Any]:
    with ExitStack() as stack:
        port, broker = free_port(), None
        if state != "down":
            broker = stack.enter_context(closing(Broker(work)))
            port = broker.port
            stack.enter_context(closing(BaselineProcess("confirm", broker, work)))
        child = stack.enter_context(_publishing(work, port, calls, connect=broker is not None))
        assert child.stdout is not None and child.stdin is not None
        if child.stdout.readline().strip() != "ready":
            raise BenchError(f"the publisher (broker {state}) could not start")
        if state == "frozen" and broker is not None:
            broker.freeze()
        child.stdin.write("go\n")
        child.stdin.flush()
        line = child.stdout.readline()
    if not line:
        raise BenchError(f"the publisher (broker {state}) ended early")
    result: dict[str, Any] = json.loads(line)
    for way in ("paced", "burst"):
        if not result[way]["thread"]:
            raise BenchError(f"the publisher's thread (broker {state}) was not running")
    return result


@contextmanager
def _publishing(
    work: Path, port: int, calls: int, *, connect: bool
) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        "-m",
        "bench.publish_child",
        "--calls",
        str(calls),
        "--rate",
        str(RATE),
        "--burst",
        str(min(BURST, calls)),
        *(["--connect"] if connect else []),
    ]
    env = clean_environment(
        work,
        MQTT_HOST="127.0.0.1",
        MQTT_PORT=str(port),
        DJANGO_SETTINGS_MODULE="openmoxie.settings",
    )
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env=env,
        text=True,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        try:
            yield child
        finally:
            child.kill()
