"""Measure utterances stored per second, compared with what paho alone receives."""

from __future__ import annotations

import argparse
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from bench import ROOT
from bench.machine import BenchError, Broker, Program, note, wait_until, work_directory
from bench.postgres import Postgres, find_programs
from bench.service import Service, read_event
from bench.soak import MEMORY_MB, memory_of
from bench.tables import Wanted, median, report, table
from ttsmirror.wire.messages import STATUS_TOPIC

ROUNDS = 3
PER_SECOND, OF_PAHO = 3_000, 0.5
STORED_SECONDS = 120
SAMPLE_SECONDS = 0.05
LEAVE_SECONDS = 30
COUNT = "SELECT count(*) FROM ttsmonitor_utterance"
PAHO, SQLITE, POSTGRESQL = "paho alone", "SQLite", "PostgreSQL"


@dataclass
class Results:
    """The results of all rounds for one receiver."""

    rates: list[float] = field(default_factory=list)
    told_seconds: list[float] = field(default_factory=list)
    before_mb: list[float] = field(default_factory=list)
    highest_mb: list[float] = field(default_factory=list)


def run(args: argparse.Namespace) -> bool:
    """Measure and print. Return True if the wanted values hold."""
    programs = find_programs()
    results = {PAHO: Results(), SQLITE: Results()}
    with ExitStack() as stack:
        broker = stack.enter_context(closing(Broker(stack.enter_context(work_directory()))))
        postgres = stack.enter_context(closing(Postgres(programs))) if programs else None
        if postgres is not None:
            results[POSTGRESQL] = Results()
        for number in range(1, ROUNDS + 1):
            note(f"ingest: round {number} of {ROUNDS}")
            results[PAHO].rates.append(_receive(broker, args.utterances))
            _store(broker, args.utterances, results[SQLITE])
            if postgres is not None:
                url = postgres.new_database(f"moxie{number}")
                _store(broker, args.utterances, results[POSTGRESQL], url)
    _print(results, args.utterances)
    if postgres is None:
        print("PostgreSQL is not installed: nothing is measured with it\n")
    rate, own = median(results[SQLITE].rates) or 0, median(results[PAHO].rates) or 0
    return report(
        [
            Wanted("stored into SQLite", rate, PER_SECOND, "/s", "≥"),
            Wanted(
                "stored into SQLite, of what paho alone receives", rate / own, OF_PAHO, "×", "≥"
            ),
            Wanted("memory at its highest", max(results[SQLITE].highest_mb), MEMORY_MB, " MB", "<"),
        ]
    )


def _print(results: dict[str, Results], count: int) -> None:
    own = median(results[PAHO].rates) or 1
    print(f"\ningest: {count:,} utterances at once, QoS 1; medians of {ROUNDS} rounds\n")
    head = ["into", "stored/s", "of paho's", "all told after, s", "MB before", "MB at the highest"]
    print(
        table(
            head,
            [
                [
                    name,
                    median(each.rates),
                    (median(each.rates) or 0) / own,
                    median(each.told_seconds),
                    median(each.before_mb),
                    median(each.highest_mb),
                ]
                for name, each in results.items()
            ],
        ),
        "\n",
    )


def _receive(broker: Broker, count: int) -> float:
    """Return messages received per second, from first publish to last receipt."""
    with _end("receive", broker, count) as receiver, _end("feed", broker, count) as feeder:
        began = _begin(feeder)
        seconds = _moment(receiver) - began
        receiver.wait(LEAVE_SECONDS)  # or the broker would queue the next messages for it
        return count / seconds


def _store(broker: Broker, count: int, results: Results, url: str = "") -> None:
    """Measure the speech service: until all are stored, then until all are reported."""
    env = {"DATABASE_URL": url} if url else {}
    with ExitStack() as stack:
        work = stack.enter_context(work_directory())
        service = stack.enter_context(closing(Service(broker, work, None, TTS_AUDIO="null", **env)))
        feeder = stack.enter_context(_end("feed", broker, count))
        stored = stack.enter_context(_history(url, work))
        highest = stack.enter_context(_memory(service.program, results))
        began = _begin(feeder)
        wait_until(lambda: stored() == count, "all to be stored", STORED_SECONDS)
        results.rates.append(count / (time.time() - began))
        _wait_until_told(service, count)
        results.told_seconds.append(time.time() - began)
        results.highest_mb.append(highest())


def _wait_until_told(service: Service, count: int) -> None:
    """Wait until each utterance is confirmed."""
    told: set[str] = set()
    deadline = time.monotonic() + STORED_SECONDS
    while len(told) < count:
        if time.monotonic() > deadline:
            raise BenchError(f"{count - len(told)} were not told\n{service.program.tail()}")
        for topic, payload in service.wire.take(1):
            utterance, event = read_event(payload)
            if topic == STATUS_TOPIC and event == "stored":
                told.add(utterance)


@contextmanager
def _end(name: str, broker: Broker, count: int) -> Iterator[subprocess.Popen[str]]:
    """Start one end of the flood and wait until it is ready."""
    command = [
        sys.executable,
        "-m",
        "bench.flood",
        name,
        "--port",
        str(broker.port),
        "--count",
        str(count),
    ]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        text=True,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            if _line(process) != "ready":
                raise BenchError(f"bench.flood {name} could not start")
            yield process
        finally:
            process.kill()


def _begin(feeder: subprocess.Popen[str]) -> float:
    assert feeder.stdin is not None
    feeder.stdin.write("go\n")
    feeder.stdin.flush()
    return _moment(feeder)


def _moment(process: subprocess.Popen[str]) -> float:
    if not (line := _line(process)):
        raise BenchError("bench.flood ended early")
    return float(line)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@contextmanager
def _history(url: str, work: Path) -> Iterator[Callable[[], int]]:
    """Yield a function that counts the utterances in the database."""
    if url:
        with psycopg.connect(url, autocommit=True) as connection:
            yield lambda: int(connection.execute(COUNT).fetchone()[0])  # type: ignore[index]
    else:
        with closing(sqlite3.connect(work / "moxie.sqlite3")) as database:
            yield lambda: int(database.execute(COUNT).fetchone()[0])


@contextmanager
def _memory(program: Program, results: Results) -> Iterator[Callable[[], float]]:
    """Yield a function that returns the highest memory use so far, in MB."""
    highest = memory_of(program).rss
    results.before_mb.append(highest)
    is_over = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not is_over.wait(SAMPLE_SECONDS):
            try:
                highest = max(highest, memory_of(program).rss)
            except psutil.NoSuchProcess:
                return

    watching = threading.Thread(target=watch, name="bench.memory")
    watching.start()
    try:
        yield lambda: highest
    finally:
        is_over.set()
        watching.join()
