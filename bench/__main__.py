"""script/bench: measure the promised times and memory on this machine."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import (
    chaos,
    first_audio,
    ingest,
    naturalness,
    openmoxie,
    pages,
    plugin,
    programs,
    publish,
    soak,
    stop,
    viewers,
)
from bench.machine import BenchError, describe

Command = Callable[[argparse.Namespace], bool]


def parse(arguments: Sequence[str]) -> tuple[list[Command], argparse.Namespace]:
    """Parse the benchmarks to run and their options."""
    parser = argparse.ArgumentParser(
        prog="script/bench",
        description="Measure from the outside; without a command: first-audio and publish.",
        epilog="Exits with 1 if a target is missed, and with 2 if nothing was measured.",
    )
    commands = parser.add_subparsers(dest="command")
    parsers = {
        name: commands.add_parser(name, help=words, description=words)
        for name, words in {
            "first-audio": "publish to first audible sample, beside Piper's library and program",
            "publish": "what publish_text() costs, broker up, down and frozen",
            "plugin": "whether the mirror makes an OpenMoxie late at its robot, or lose data",
            "naturalness": "what is heard where a sentence is read in two runs, beside the library",
            "stop": "control message to silence: interrupt, pause, mute",
            "ingest": "utterances stored per second, beside what paho alone receives",
            "pages": "what pages and API take with a million utterances",
            "viewers": "50 pages on one speech process: events in time, and the sound too",
            "programs": "speech for other programs, and what it costs the robot's",
            "soak": "memory and idle load over many utterances",
            "chaos": "nothing lost and nothing twice while every part is killed at random",
        }.items()
    }
    for name in ("first-audio", "naturalness", "stop", "viewers", "programs", "soak"):
        parsers[name].add_argument("--voice", type=Path, help="a Piper voice (.onnx)")
    parsers["first-audio"].add_argument("--runs", type=_count, default=20)
    parsers["naturalness"].add_argument("--sentences", type=_count, default=60)
    parsers["publish"].add_argument("--calls", type=_count, default=20_000)
    parsers["plugin"].add_argument("--calls", type=_count, default=1_000)
    _add_openmoxie(parsers["plugin"])
    parsers["stop"].add_argument("--runs", type=_count, default=50)
    parsers["ingest"].add_argument("--utterances", type=_count, default=10_000)
    parsers["pages"].add_argument("--utterances", type=_count, default=1_000_000)
    parsers["pages"].add_argument("--runs", type=_count, default=20)
    parsers["viewers"].add_argument("--runs", type=_count, default=12)
    parsers["viewers"].add_argument("--viewers", type=_count, default=50)
    parsers["programs"].add_argument("--runs", type=_count, default=20)
    parsers["programs"].add_argument(
        "--wyoming-piper", type=Path, help="its program, to be measured beside ours"
    )
    parsers["soak"].add_argument("--utterances", type=_count, default=1_000)
    parsers["chaos"].add_argument("--minutes", type=_minutes, default=10)
    parsers["chaos"].add_argument("--seed", type=int, help="that of an earlier run, to repeat it")
    args = parser.parse_args(arguments)
    if args.command is None:
        parser.set_defaults(runs=20, calls=20_000, voice=None)
        return [first_audio.run, publish.run], parser.parse_args(arguments)
    runs: dict[str, Command] = {
        "first-audio": first_audio.run,
        "naturalness": naturalness.run,
        "publish": publish.run,
        "plugin": openmoxie.run if getattr(args, "openmoxie", None) else plugin.run,
        "stop": stop.run,
        "ingest": ingest.run,
        "pages": pages.run,
        "viewers": viewers.run,
        "programs": programs.run,
        "soak": soak.run,
        "chaos": chaos.run,
    }
    return [runs[args.command]], args


def _add_openmoxie(parser: argparse.ArgumentParser) -> None:
    """Add the options of a run against a real OpenMoxie."""
    parser.add_argument("--openmoxie", type=Path, help="a git checkout of OpenMoxie, run for real")
    parser.add_argument("--python", help="for --openmoxie: a Python with its requirements")
    parser.add_argument("--seconds", type=_count, default=60, help="of each round")
    parser.add_argument("--rounds", type=_count, default=2, help="each without and with the mirror")
    parser.add_argument("--mirror", type=Path, help="plug in another checkout of the mirror")


def main(arguments: Sequence[str]) -> int:
    commands, args = parse(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openmoxie.settings")
    # Like Ctrl-C: all started programs are ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(describe(), flush=True)
    try:
        holds = [command(args) for command in commands]
    except BenchError as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0 if all(holds) else 1


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give a number from 1")
    return number


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes < 10_000:
        raise argparse.ArgumentTypeError("give a number of minutes")
    return minutes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
