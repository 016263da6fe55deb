"""Time from an MQTT publish to the first audible sample at the sound device."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol

from bench.baseline_client import BaselineProcess
from bench.machine import Broker, find_voice, note, work_directory
from bench.recorded_device import Ear
from bench.service import Service
from bench.tables import Wanted, median, percentile, report, table
from bench.texts import CACHED, TEXTS, Texts

SETTLE_SECONDS = 0.5
"""Silence before each run."""
SHORT = 20
"""Characters up to which an utterance is spoken to its end; longer ones are interrupted."""
MEDIAN_MS, P95_MS, CACHED_MS = 60, 100, 25
TIMES_PROGRAM, TIMES_LIBRARY = 20, 10

Times = dict[str, list[float]]


class Contender(Protocol):
    """A program that speaks published texts."""

    name: str

    def say(self, text: str) -> object:
        """Publish a text."""

    def finish(self, *, whole: bool) -> None:
        """Wait until it was spoken, or stop it."""

    def close(self) -> None:
        """End its process."""


def run(args: argparse.Namespace) -> bool:
    """Measure and print. Return True if all wanted values hold."""
    voice = find_voice(args.voice)
    with ExitStack() as stack:
        work = stack.enter_context(work_directory())
        ear = stack.enter_context(closing(Ear()))
        broker = stack.enter_context(closing(Broker(work)))
        contenders: list[Contender] = []
        for name, start in _contenders(broker, work, voice, ear):
            note(f"first-audio: starting {name}")
            contenders.append(stack.enter_context(closing(start())))
        results = _measure(contenders, ear, args.runs)
    name = (
        voice.stem
        if voice is not None
        else "espeak (Piper or its bench voice is not here: no baselines)"
    )
    print(f"\nfirst-audio: publish → first audible sample, ms; {args.runs} runs; voice {name}\n")
    print(_table(results))
    print(f"\nThe first utterance after the start: {results['moxie']['short'][0]:.0f} ms\n")
    return report(_wanted(results))


def _contenders(
    broker: Broker, work: Path, voice: Path | None, ear: Ear
) -> list[tuple[str, Callable[[], Contender]]]:
    def moxie() -> Contender:
        return Service(broker, work, voice, TTS_AUDIO="pyaudio", **ear.env)

    def baseline(name: str) -> Callable[[], Contender]:
        return lambda: BaselineProcess(name, broker, work, "--model", str(voice), **ear.env)

    contenders = [("moxie", moxie)]
    if voice is not None:
        contenders += [(name, baseline(name)) for name in ("library", "program")]
    return contenders


def _measure(contenders: list[Contender], ear: Ear, runs: int) -> dict[str, Times]:
    """Measure in turn, so that a busy minute of the machine affects all alike."""
    texts = Texts()
    results: dict[str, Times] = {each.name: {} for each in contenders}
    for name, text in TEXTS.items():
        note(f"first-audio: {name}")
        whole = len(text) <= SHORT
        for _ in range(runs):
            for each in contenders:
                heard = _once(each, ear, texts.new(text), whole)
                results[each.name].setdefault(name, []).append(heard)
    note("first-audio: cached")
    ours = contenders[0]
    _once(ours, ear, CACHED, whole=True)
    results[ours.name]["cached"] = [_once(ours, ear, CACHED, whole=True) for _ in range(runs)]
    return results


def _once(contender: Contender, ear: Ear, text: str, whole: bool) -> float:
    ear.wait_for_silence(SETTLE_SECONDS)
    heard = ear.first_sound_after(lambda: contender.say(text))
    contender.finish(whole=whole)
    return heard


def _table(results: dict[str, Times]) -> str:
    head = ["text", "characters"]
    for name in results:
        head += [f"{name} median", f"{name} p95"]
    baselines = [name for name in results if name != "moxie"]
    head += [f"× {name}" for name in baselines]
    rows = []
    for text, ours in results["moxie"].items():
        row: list[str | float | None] = [text, float(len(TEXTS.get(text, CACHED)))]
        for times in results.values():
            row += [median(times.get(text, [])), percentile(times.get(text, []), 95)]
        row += [_factor(results[name].get(text, []), ours) for name in baselines]
        rows.append(row)
    return table(head, rows)


def _factor(theirs: list[float], ours: list[float]) -> float | None:
    """Return how many times faster ours is."""
    slow, fast = median(theirs), median(ours)
    return slow / fast if slow and fast else None


def _wanted(results: dict[str, Times]) -> list[Wanted]:
    wanted = []
    for text, ours in results["moxie"].items():
        if text == "cached":
            wanted.append(Wanted("cached, median", median(ours) or 0, CACHED_MS, " ms"))
            continue
        wanted.append(Wanted(f"{text}, median", median(ours) or 0, MEDIAN_MS, " ms"))
        wanted.append(Wanted(f"{text}, p95", percentile(ours, 95) or 0, P95_MS, " ms"))
        wanted += _wanted_factors(text, results)
    return wanted


def _wanted_factors(text: str, results: dict[str, Times]) -> list[Wanted]:
    limits = {"program": TIMES_PROGRAM} | ({"library": TIMES_LIBRARY} if text == "long" else {})
    factors = {
        name: _factor(results[name][text], results["moxie"][text])
        for name in limits
        if name in results
    }
    return [
        Wanted(f"{text}, times faster than the {name}", factor, limits[name], "×", "≥")
        for name, factor in factors.items()
        if factor is not None
    ]
