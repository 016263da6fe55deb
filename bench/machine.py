"""The parts of a measurement: a work directory, programs, a broker of its own."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench import ROOT
from bench.ports import answers as answers
from bench.ports import free_port as free_port
from hive.broker.mosquitto_config import write_config

POLL_SECONDS = 0.005
LOG_LINES = 15
OWN_SETTINGS = ("MQTT_", "TTS_", "HTTP_", "HIVE_", "MOXIE_", "DJANGO_", "PULSE_SINK")
OWN_NAMES = {"PIPER_MODEL", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "LOG_LEVEL", "DEBUG", "TZ"}
BENCH_VOICE = ROOT.parent / "shared" / "voices" / "bench-medium.onnx"


class BenchError(Exception):
    """What keeps a measurement from being made, in a sentence."""


def note(words: str) -> None:
    """Say how far it is, beside the tables."""
    print(f"… {words}", file=sys.stderr, flush=True)


def describe() -> str:
    """The machine, and how busy it is, in a line."""
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.1f} GiB, {platform.machine()}, "
        f"Python {platform.python_version()}, load {load}"
    )


def wait_until(condition: Callable[[], bool], what: str, timeout_seconds: float = 30) -> None:
    """Poll until `condition()`; BenchError names `what` otherwise."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"waited {timeout_seconds:.0f} s in vain for {what}")
        time.sleep(POLL_SECONDS)


class Program:
    """A program with a log file and a process group of its own, so that Ctrl-C leaves it to us."""

    def __init__(self, command: list[str], log: Path, env: Mapping[str, str]) -> None:
        self._log = log
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_until(self, condition: Callable[[], bool], what: str, timeout_seconds: float) -> None:
        """As wait_until(), with the end of the log, and at once where the program ended."""
        try:
            wait_until(lambda: condition() or not self.is_running, what, timeout_seconds)
        except BenchError as exc:
            raise BenchError(f"{exc}\n{self.tail()}") from exc
        if not condition():
            raise BenchError(f"the program ended while waiting for {what}\n{self.tail()}")

    def tail(self) -> str:
        """The last lines of its log."""
        lines = self._log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        return "\n".join(f"    {line}" for line in lines)

    def processes(self) -> list[psutil.Process]:
        """Itself and whatever it started."""
        itself = psutil.Process(self.pid)
        return [itself, *itself.children(recursive=True)]

    def ends_within(self, seconds: float) -> bool:
        """Wait for its end."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def close(self) -> None:
        """End it, with whatever it started."""
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            note(f"{self._process.args!r:.80} did not end when it was told to")
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait(5)


def clean_environment(work: Path, **more: str) -> dict[str, str]:
    """The environment of a program under test: none of this machine's own settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in OWN_NAMES and not name.startswith(OWN_SETTINGS)
    }
    return kept | {"MOXIE_WORK_DIR": str(work), "PYTHONUNBUFFERED": "1"} | more


@contextmanager
def work_directory() -> Iterator[Path]:
    """A directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="moxie-bench-") as name:
        yield Path(name)


def manage(*arguments: str) -> list[str]:
    """The command line of a management command."""
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def run_manage(env: Mapping[str, str], *arguments: str) -> str:
    """Run a management command to its end; what it printed. Raises BenchError."""
    command = manage(*arguments)
    done = subprocess.run(command, env=dict(env), cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"{arguments[0]} failed\n{done.stderr}")
    return done.stdout


def make_database(env: Mapping[str, str]) -> None:
    """Migrate the work directory's database."""
    run_manage(env, "migrate", "--verbosity", "0")


def find_voice(path: Path | None) -> Path | None:
    """The Piper voice to measure with: that one, or the bench voice where it and Piper are."""
    has_piper = importlib.util.find_spec("piper") is not None
    if path is not None and not (path.is_file() and has_piper):
        raise BenchError(f"there is no voice {path}" if has_piper else "Piper is not installed")
    voice = path or BENCH_VOICE
    return voice if voice.is_file() and has_piper else None


def copy_voice(voice: Path, directory: Path) -> Path:
    """A copy for us alone: what the product keeps beside a voice then goes with the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in (voice, voice.with_name(f"{voice.name}.json")):
        shutil.copy(path, directory / path.name)
    return directory / voice.name


class Broker:
    """A Mosquitto, configured as run_broker does it, on free ports."""

    def __init__(self, work: Path) -> None:
        path = os.pathsep.join(
            (
                os.environ.get("PATH", os.defpath),
                "/usr/sbin",
                "/usr/local/sbin",
                "/opt/homebrew/sbin",
            )
        )
        program = shutil.which("mosquitto", path=path)
        if program is None:
            raise BenchError("mosquitto is not installed: the measurements need the real broker")
        self.port = free_port()
        self.directory = work / "broker"
        config = write_config(
            self.directory, host="127.0.0.1", port=self.port, tls_port=free_port()
        )
        self.command = [program, "-c", str(config)]
        self._program = Program(self.command, work / "broker.log", os.environ)
        try:
            self._program.wait_until(lambda: answers(self.port), "the broker", 15)
        except BaseException:
            self.close()
            raise

    def freeze(self) -> None:
        """Stop it where it stands: connections stay, nothing answers."""
        self._program.signal(signal.SIGSTOP)

    def close(self) -> None:
        self._program.close()
