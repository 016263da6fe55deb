"""Measure memory and idle load of the speech service over many utterances."""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.machine import BenchError, Broker, Program, find_voice, note, work_directory
from bench.service import Service, read_event
from bench.tables import Wanted, report, table
from bench.texts import TEXTS, Texts
from ttsmirror.wire.messages import ENDS

EARLY = 50
"""Utterances after which memory should not grow any more."""
IN_FLIGHT = 8
IDLE_SECONDS = 20.0
SAMPLE_EVERY = 10
WAIT_SECONDS = 60.0
MEMORY_MB, IDLE_PERCENT, GROWTH_PERCENT = 450, 1, 5
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Memory:
    """The memory of all processes of the service, in MB."""

    processes: int
    rss: float
    """The judged value: the strictest, and independent of other processes."""
    pss: float | None
    """Shared pages divided among all processes that share them; None if unknown."""


def memory_of(program: Program) -> Memory:
    rss = pss = 0
    processes = program.processes()
    for process in processes:
        info = process.memory_full_info()
        rss += info.rss
        pss += getattr(info, "pss", 0)
    return Memory(len(processes), rss / MEGABYTE, pss / MEGABYTE if pss else None)


def idle_percent(program: Program, seconds: float = IDLE_SECONDS) -> float:
    """Return the load over this many seconds, in percent of one core."""
    before, start = _cpu_seconds(program.processes()), time.monotonic()
    time.sleep(seconds)  # this is the measured interval, not a wait
    used = _cpu_seconds(program.processes()) - before
    return 100 * used / (time.monotonic() - start)


def _cpu_seconds(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return sum(each.user + each.system for each in times)


def run(args: argparse.Namespace) -> bool:
    """Measure and print. Return True if the wanted values hold."""
    voice = find_voice(args.voice)
    with ExitStack() as stack:
        work = stack.enter_context(work_directory())
        broker = stack.enter_context(closing(Broker(work)))
        wav = work / "wav"
        service = stack.enter_context(
            closing(Service(broker, work, voice, TTS_AUDIO="wav", TTS_WAV_DIR=str(wav)))
        )
        note(f"soak: idle for {IDLE_SECONDS:.0f} s")
        idle = [idle_percent(service.program)]
        started = memory_of(service.program)
        soak = _Soak(service, wav)
        soak.speak(min(EARLY, args.utterances))
        early = memory_of(service.program)
        soak.speak(args.utterances - soak.ended)
        late = memory_of(service.program)
        note(f"soak: idle for {IDLE_SECONDS:.0f} s")
        idle.append(idle_percent(service.program))
    _print(soak, [("start", started), (str(EARLY), early), (str(soak.ended), late)])
    growth = 100 * (late.rss / early.rss - 1)
    return report(
        [
            Wanted("memory at its highest", soak.highest, MEMORY_MB, " MB", "<"),
            Wanted("growth since utterance 50", growth, GROWTH_PERCENT, " %"),
            Wanted("idle, after the start", idle[0], IDLE_PERCENT, " % of a core", "<"),
            Wanted("idle, at the end", idle[1], IDLE_PERCENT, " % of a core", "<"),
        ]
    )


def _print(soak: _Soak, moments: list[tuple[str, Memory]]) -> None:
    rate = soak.ended / soak.seconds
    print(f"\nsoak: {soak.ended} utterances in {soak.seconds:.0f} s ({rate:.1f}/s), MB\n")
    rows = [[moment, each.processes, each.rss, each.pss] for moment, each in moments]
    print(table(["after", "processes", "RSS", "PSS"], rows), "\n")


class _Soak:
    """A run that speaks in small batches and deletes the files."""

    def __init__(self, service: Service, wav: Path) -> None:
        self.ended = 0
        self.seconds = 0.0
        self.highest = memory_of(service.program).rss
        self._service = service
        self._wav = wav
        self._texts = Texts()

    def speak(self, count: int) -> None:
        """Speak this many more utterances."""
        start = time.monotonic()
        waiting: set[str] = set()
        goal, published = self.ended + count, self.ended
        while self.ended < goal:
            while published < goal and len(waiting) < IN_FLIGHT:
                waiting.add(self._service.say(self._text(published)))
                published += 1
            self._hear(waiting)
        self.seconds += time.monotonic() - start

    def _text(self, number: int) -> str:
        """Return a text: of ten, seven short, two medium and one long, some of them repeated."""
        text = TEXTS[("short", "medium", "short", "long", "medium", *["short"] * 5)[number % 10]]
        return text if number % 7 == 0 else self._texts.new(text)

    def _hear(self, waiting: set[str]) -> None:
        heard = self._service.wire.take(WAIT_SECONDS)
        if not heard:
            raise BenchError(
                f"nothing ended for {WAIT_SECONDS:.0f} s\n{self._service.program.tail()}"
            )
        for _topic, payload in heard:
            utterance, event = read_event(payload)
            if utterance in waiting and event in ENDS:
                self._note_end(utterance, event)
                waiting.discard(utterance)

    def _note_end(self, utterance: str, event: str) -> None:
        if event != "spoken":
            raise BenchError(f"an utterance was {event}\n{self._service.program.tail()}")
        self.ended += 1
        for path in self._wav.glob(f"*{utterance}.wav"):
            path.unlink()
        if self.ended % SAMPLE_EVERY == 0:
            self.highest = max(self.highest, memory_of(self._service.program).rss)
        if self.ended % 100 == 0:
            note(f"soak: {self.ended}")
