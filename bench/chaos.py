"""Kill, stop and freeze parts at random while sentences flow, then look for every sentence.

Two publishers use the hive's mirror, each with an outbox of its own; the clock of one is an hour
behind. Mosquitto, the speech service and two hives that contend for the robots are the real ones.
Publishers have their database in PostgreSQL, if that is installed: it is stopped and started too.
Threads that read from the broker are ended in processes that go on. At the end everything is
started, and given time to settle.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from bench.chaos_publisher import QUIET
from bench.evidence import (
    HISTORY,
    HISTORY_TRIGGERS,
    OUTBOX,
    OUTBOX_TRIGGERS,
    Log,
    Sounds,
    ask,
    read_history,
    read_publisher,
    watch,
)
from bench.machine import (
    BenchError,
    Broker,
    clean_environment,
    free_port,
    make_database,
    note,
    wait_until,
    work_directory,
)
from bench.parts import Part, python
from bench.plan import FORGET, KINDS, NETWORK, Fault, plan
from bench.postgres import Postgres, find_programs
from bench.severable import SIGNAL
from bench.tables import table
from bench.verdict import UNFINISHED, Evidence, complaints, judge

PUBLISHERS = {"publisher": 0, "publisher with a wrong clock": 3_600}
"""Seconds by which their clocks are behind."""
HIVES = ("hive one", "hive two")
BROKER, SPEECH, DATABASE = "broker", "speech", "database"
RATE = 1.5
"""Sentences per second and publisher."""
OUTPUTS = ("wav,null", "wav")
"""Alternating outputs: in real time, to be ended in mid-sentence, and as fast as possible."""
MQTT_KINDS = (*KINDS, NETWORK)
POLL_SECONDS = 0.1
START_SECONDS = 60.0
SETTLE_SECONDS = 300.0
SETTINGS = {
    "MQTT_HOST": "127.0.0.1",
    "MQTT_KEEPALIVE": "5",
    "TTS_RETRY_SECONDS": "10",
    "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
}
"""A keepalive shorter than some of the freezes, and a short retry."""


def run(args: argparse.Namespace) -> bool:
    """Run the faults, settle and print the verdict. Return True if every promise held."""
    seed = random.SystemRandom().randrange(1_000_000) if args.seed is None else args.seed
    print(f"\nchaos: {args.minutes:g} minutes, --seed {seed}", flush=True)
    with work_directory() as work, ExitStack() as stack:
        chaos = Chaos(work, seed, stack)
        try:
            chaos.hurt(args.minutes * 60)
            chaos.settle()
        except BenchError as exc:
            chaos.complaints.append(str(exc))
        stack.close()
        return chaos.report()


class Chaos:
    """A broker, a speech service and publishers, with the evidence about them."""

    def __init__(self, work: Path, seed: int, stack: ExitStack) -> None:
        self.complaints: list[str] = []
        self._work = work
        self._health: dict[str, str] = {}
        self._urls: dict[str, dict[str, str]] = {}
        self._seed = seed
        with closing(Broker(work)) as broker:  # for its configuration
            self._settings = SETTINGS | {"MQTT_PORT": str(broker.port)}
            command, database = broker.command, broker.directory / "mosquitto.db"
        log = work / "broker.log"
        self._parts = {
            BROKER: Part(
                BROKER,
                lambda _: command,
                log,
                clean_environment(work),
                database,
                kinds=(*KINDS, FORGET),
            ),
            SPEECH: self._speech(),
            **self._database(stack),
            **{name: self._publisher(name) for name in PUBLISHERS},
            **{name: self._hive(name) for name in HIVES},
        }
        self._sounds = Sounds(work / "wav")
        signal.signal(SIGNAL, signal.SIG_IGN)  # in the parts, too, until they can take it
        for part in self._parts.values():
            stack.enter_context(closing(part))
            if not part.is_running:
                part.start()
        self._wait_for_first_sentences()

    def hurt(self, seconds: float) -> None:
        """Carry out the planned faults."""
        start = time.monotonic()
        faults = plan(self._seed, seconds, {name: part.kinds for name, part in self._parts.items()})
        steps = [(fault.at, fault, True) for fault in faults]
        steps += [(fault.at + fault.seconds, fault, False) for fault in faults]
        for due, fault, is_begin in sorted(steps, key=lambda step: step[0]):
            self._watch_until(start + due)
            part = self._parts[fault.part]
            if is_begin:
                _tell(due, fault)
                part.hurt(fault)
            else:
                part.heal(fault)
        self._watch_until(start + seconds)

    def settle(self) -> None:
        """Silence the publishers, wait until all sentences are settled, then end all parts."""
        note("chaos: settling")
        for name in PUBLISHERS:
            (self._work / name / QUIET).touch()
        self._wait_until(self._is_settled, "everything to settle", SETTLE_SECONDS)
        self._wait_until(self._has_one_hive, "one hive of two to serve", SETTLE_SECONDS)
        for name in [*PUBLISHERS, *HIVES, SPEECH, BROKER]:
            self._parts[name].tell_to_stop()
            self._parts[name].wait_for_end()

    def report(self) -> bool:
        """Print faults, results and broken promises. Return True if none is broken."""
        evidence, log = self._evidence()
        self._print_faults()
        self._print_sentences(evidence, log)
        parts = self._parts.values()
        lines = [*complaints(judge(evidence), evidence.handed), *self.complaints]
        lines += [line for part in parts for line in part.complaints]
        print("\n".join(lines or ["every promise held"]), flush=True)
        return not lines

    def _speech(self) -> Part:
        work = self._work / SPEECH
        env = clean_environment(
            work,
            HTTP_PORT=str(free_port()),
            TTS_ENGINE="espeak",
            TTS_WAV_DIR=str(self._work / "wav"),
            TTS_CACHE_MB="0",
            TTS_DRAIN_SECONDS="2",
            LOG_LEVEL="DEBUG",
            **self._settings,
        )
        make_database(env)
        watch(work / HISTORY, HISTORY_TRIGGERS)

        def command(start: int) -> list[str]:
            output = OUTPUTS[start % len(OUTPUTS)]
            return ["env", f"TTS_AUDIO={output}", *severable("run_tts_subscriber")]

        return Part(SPEECH, command, self._work / "speech.log", env, kinds=MQTT_KINDS)

    def _database(self, stack: ExitStack) -> dict[str, Part]:
        """Make a PostgreSQL for the publishers; without its programs they have files."""
        if (programs := find_programs()) is None:
            return {}
        server = stack.enter_context(closing(Postgres(programs)))
        for number, name in enumerate(PUBLISHERS):
            self._urls[name] = {"DATABASE_URL": server.new_database(f"publisher_{number}")}
        server.stop()
        part = Part(
            DATABASE,
            lambda _: server.command,
            self._work / "database.log",
            clean_environment(self._work),
            stop_signal=signal.SIGINT,  # it does not wait for its clients
            kill_signal=signal.SIGQUIT,  # and does not leave them behind
        )
        part.start()
        wait_until(lambda: server.answers, "PostgreSQL")
        return {DATABASE: part}

    def _hive(self, name: str) -> Part:
        env = clean_environment(
            self._work / name,
            HIVE_PORT=str(free_port()),
            DEBUG="1",
            MOXIE_REQUIRE_LOGIN="0",
            **self._settings,
        )
        make_database(env)
        self._health[name] = f"http://127.0.0.1:{env['HIVE_PORT']}/health"
        log = self._work / f"{name}.log"
        return Part(name, lambda _: severable("run_hive"), log, env, kinds=MQTT_KINDS)

    def _has_one_hive(self) -> bool:
        """Return True if one hive serves the robots, and both say that the other one waits."""
        details = [_broker_detail(url) for url in self._health.values()]
        return sorted(detail.split(" ")[0] for detail in details) == ["a", "another"]

    def _publisher(self, name: str) -> Part:
        work = self._work / name
        env = clean_environment(work, **self._settings, **self._urls.get(name, {}))
        make_database(env)
        watch(work / OUTBOX, OUTBOX_TRIGGERS)

        def command(start: int) -> list[str]:
            arguments = {"name": name, "session": start, "seed": self._seed, "rate": RATE}
            arguments["behind"] = PUBLISHERS[name]
            options = [f"--{option}={value}" for option, value in arguments.items()]
            return python("bench.chaos_publisher", *options)

        return Part(name, command, self._work / f"{name}.log", env, kinds=MQTT_KINDS)

    def _wait_for_first_sentences(self) -> None:
        wanted = "select 1 from ttsmonitor_utterance where status = 'spoken' limit 1"
        self._wait_until(
            lambda: bool(ask(self._work / SPEECH / HISTORY, wanted)),
            "the first sentence",
            START_SECONDS,
        )

    def _wait_until(self, condition: Callable[[], bool], what: str, timeout_seconds: float) -> None:
        def looked() -> bool:
            self._look()
            time.sleep(POLL_SECONDS)
            return condition()

        wait_until(looked, what, timeout_seconds)

    def _watch_until(self, moment: float) -> None:
        while (left := moment - time.monotonic()) > 0:
            self._look()
            time.sleep(min(left, POLL_SECONDS))

    def _look(self) -> None:
        self._sounds.collect()
        for part in self._parts.values():
            part.look()

    def _is_settled(self) -> bool:
        names = ", ".join(f"'{status}'" for status in sorted(UNFINISHED))
        waiting = f"select 1 from ttsmonitor_utterance where status in ({names}) limit 1"
        unconfirmed = "select 1 from ttsmonitor_outboxentry limit 1"
        return not ask(self._work / SPEECH / HISTORY, waiting) and not any(
            ask(self._work / name / OUTBOX, unconfirmed) for name in PUBLISHERS
        )

    def _evidence(self) -> tuple[Evidence, Log]:
        evidence = Evidence()
        for name in PUBLISHERS:
            read_publisher(self._work / name, self._parts[name].unclean, evidence)
        read_history(self._work / SPEECH, evidence)
        self._sounds.collect()
        log = Log(self._work / "speech.log")
        evidence.sounds, evidence.endings = self._sounds.begun, log.endings
        return evidence, log

    def _print_faults(self) -> None:
        kinds = (*KINDS, FORGET, NETWORK)
        rows: list[list[str | float | None]] = [
            [
                part.name,
                *(part.faults[kind] for kind in kinds),
                part.starts,
                part.longest_stop_seconds,
            ]
            for part in self._parts.values()
        ]
        print()
        print(table(["part", *(f"{kind}" for kind in kinds), "starts", "longest stop, s"], rows))

    def _print_sentences(self, evidence: Evidence, log: Log) -> None:
        attempts = [
            int(row[0])
            for name in PUBLISHERS
            for row in ask(self._work / name / OUTBOX, "select attempts from chaos_outbox")
        ]
        accepted = evidence.accepted
        received, distinct = log.received.total(), len(log.received)
        chunks = ask(
            self._work / SPEECH / HISTORY, "select sum(total_chunks) from ttsmonitor_utterance"
        )
        rows: list[list[str | float | None]] = [
            ["sentences handed over", len(evidence.handed)],
            ["of these, lost with a killed publisher", len(evidence.handed.keys() - accepted)],
            ["sentences in an outbox", len(accepted)],
            ["published again", sum(max(0, each - 1) for each in attempts)],
            ["chunks of them", int(chunks[0][0] or 0)],
            ["chunks received", received],
            ["of these again", received - distinct],
            ["sentences in the history", len(evidence.rows)],
        ]
        outcomes = Counter(status for _pk, _words, status in evidence.rows)
        rows += [[status, count] for status, count in outcomes.most_common()]
        print()
        print(table(["what", "how many"], rows), "\n")


def severable(command: str) -> list[str]:
    """Return the command line of a management command that takes NETWORK."""
    return python("bench.severable", command)


def _broker_detail(url: str) -> str:
    """Return what a hive says of its broker; empty while it does not answer."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            report = json.load(answer)
    except urllib.error.HTTPError as exc:
        with exc:
            report = json.load(exc)
    except OSError:
        return ""
    return str(report["checks"]["broker"].get("detail", ""))


def _tell(due: float, fault: Fault) -> None:
    note(f"{due:6.1f} s: {fault.kind} {fault.part} for {fault.seconds:.1f} s")
