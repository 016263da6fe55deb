"""Measure how soon many pages get an event, and what they cost the speech process."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import ROOT
from bench.machine import BenchError, Broker, clean_environment, find_voice, note, work_directory
from bench.recorded_device import Ear
from bench.service import Service
from bench.tables import Wanted, median, percentile, report, table
from bench.texts import TEXTS, Texts

ROUNDS = 2
"""Rounds alternate without and with viewers, so that a busy minute affects both."""
WARM_UP = 2
SETTLE_SECONDS = 0.5
P99_MS, SLOWER_PERCENT = 250, 20


@dataclass
class _Seen:
    """The events seen by all viewers over all rounds."""

    events: int = 0
    missed: int = 0
    utterances: int = 0
    figures: int = 0
    latencies_ms: list[float] = field(default_factory=list)

    def add(self, result: dict[str, Any]) -> None:
        self.events += result["events"]
        self.missed += result["missed"]
        self.utterances += result["utterances"]
        self.figures += result["figures"]
        self.latencies_ms += result["latencies_ms"]


def run(args: argparse.Namespace) -> bool:
    """Measure and print. Return True if the wanted values hold."""
    voice = find_voice(args.voice)
    alone: list[float] = []
    watched: list[float] = []
    seen = _Seen()
    with ExitStack() as stack:
        work = stack.enter_context(work_directory())
        ear = stack.enter_context(closing(Ear()))
        broker = stack.enter_context(closing(Broker(work)))
        env = {"TTS_AUDIO": "pyaudio", "MOXIE_REQUIRE_LOGIN": "0", **ear.env}
        service = stack.enter_context(closing(Service(broker, work, voice, **env)))
        speak = _Speaking(service, ear)
        speak.times(WARM_UP)
        for number in range(1, ROUNDS + 1):
            note(f"viewers: round {number} of {ROUNDS}, nobody looks")
            alone += speak.times(args.runs)
            note(f"viewers: round {number} of {ROUNDS}, {args.viewers} look")
            with _watching(work, service.http_port, args.viewers) as viewers:
                watched += speak.times(args.runs)
                seen.add(_ask(viewers))
    _print(args.viewers, alone, watched, seen)
    slower = 100 * ((median(watched) or 0) / (median(alone) or 1) - 1)
    return report(
        [
            Wanted("event to viewer, p99", percentile(seen.latencies_ms, 99) or 0, P99_MS, " ms"),
            Wanted("events that did not come, of all viewers", seen.missed, 0),
            Wanted("events of utterances", seen.utterances, 3 * ROUNDS * args.runs, "", "≥"),
            Wanted("first sound later than without viewers", slower, SLOWER_PERCENT, " %"),
        ]
    )


def _print(viewers: int, alone: list[float], watched: list[float], seen: _Seen) -> None:
    late = seen.latencies_ms
    print(
        f"\nviewers: {viewers} pages, {seen.events} events, {len(late):,} arrivals measured, "
        f"{seen.figures:,} figures\n"
    )
    print(
        table(
            ["ms", "n", "median", "p95", "p99", "max"],
            [
                ["event → viewer", len(late), *_figures(late)],
                ["first sound, nobody looks", len(alone), *_figures(alone)],
                [f"first sound, {viewers} look", len(watched), *_figures(watched)],
            ],
        ),
        "\n",
    )


def _figures(values: list[float]) -> list[float | None]:
    return [median(values), *(percentile(values, share) for share in (95, 99)), max(values)]


class _Speaking:
    def __init__(self, service: Service, ear: Ear) -> None:
        self._service = service
        self._ear = ear
        self._texts = Texts()

    def times(self, runs: int) -> list[float]:
        """Return the milliseconds from each publish to the first sound."""
        return [self._once() for _ in range(runs)]

    def _once(self) -> float:
        self._ear.wait_for_silence(SETTLE_SECONDS)
        text = self._texts.new(TEXTS["medium"])
        heard = self._ear.first_sound_after(lambda: self._service.say(text))
        self._service.finish(whole=False)
        return heard


@contextmanager
def _watching(work: Path, port: int, count: int) -> Iterator[subprocess.Popen[str]]:
    """Run viewers that have their snapshots, in a separate process."""
    command = [
        sys.executable,
        "-m",
        "bench.viewers_child",
        "--viewers",
        str(count),
        "--url",
        f"ws://127.0.0.1:{port}/ws/monitor/",
    ]
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env=clean_environment(work),
        text=True,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        try:
            assert child.stdout is not None
            if child.stdout.readline().strip() != "ready":
                raise BenchError("the viewers could not connect")
            yield child
        finally:
            child.kill()


def _ask(viewers: subprocess.Popen[str]) -> dict[str, Any]:
    assert viewers.stdout is not None and viewers.stdin is not None
    viewers.stdin.write("stop\n")
    viewers.stdin.flush()
    if not (line := viewers.stdout.readline()):
        raise BenchError("the viewers ended early")
    result: dict[str, Any] = json.loads(line)
    return result
