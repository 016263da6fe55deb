"""Measure whether a robot gets its commands later because the mirror is plugged in."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from bench import ROOT
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

WAYS = ("without", "with", "away", "raising")
"""Not plugged in; plugged in; with its broker unreachable; with everything in it failing."""
LATER_US = 150.0


def run(args: argparse.Namespace) -> bool:
    """Measure and print. Return True if the wanted values hold."""
    with work_directory() as work, closing(Broker(work)) as broker:
        make_database(clean_environment(work))
        results = {}
        for way in WAYS:
            note(f"plugin: {way}")
            results[way] = _measure(way, work, broker, args.calls)
    print(
        f"\nplugin: a command of Puppet Mode, µs from the call to the robot; {args.calls:,} each\n"
    )
    head = ["the mirror is", "median", "p95", "p99", "call returns, median", "p99"]
    print(table(head, [_row(way, result) for way, result in results.items()]), "\n")
    base = median(results["without"]["arrived"]) or 0.0
    return report(
        [
            Wanted(
                f"{way}: later at the robot, median",
                (median(results[way]["arrived"]) or 0.0) - base,
                LATER_US,
                " µs",
            )
            for way in WAYS[1:]
        ]
    )


def _row(way: str, result: dict[str, Any]) -> list[str | float | None]:
    arrived, returned = result["arrived"], result["returned"]
    return [
        way,
        median(arrived),
        percentile(arrived, 95),
        percentile(arrived, 99),
        median(returned),
        percentile(returned, 99),
    ]


def _measure(way: str, work: Path, broker: Broker, calls: int) -> dict[str, Any]:
    mirror = broker.port if way == "with" else free_port()
    env = clean_environment(
        work,
        MQTT_HOST="127.0.0.1",
        MQTT_PORT=str(mirror),
        DJANGO_SETTINGS_MODULE="openmoxie.settings",
    )
    command = [sys.executable, "-m", "bench.plugin_child", way, str(broker.port), str(calls)]
    done = subprocess.run(
        command, cwd=ROOT, env=env, text=True, capture_output=True, timeout=300, check=False
    )
    if done.returncode:
        raise BenchError(f"{way}: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
