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
OWN_NAMES = {
    "PIPER_MODEL",
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "DEBUG",
    "TZ",
}
BENCH_VOICE = ROOT.parent / "shared" / "voices" / "bench-medium.onnx"


class BenchError(Exception):
    """A reason why a measurement is impossible."""


def note(words: str) -> None:
    """Print progress to standard error."""
    print(f"… {words}", file=sys.stderr, flush=True)


def describe() -> str:
    """Describe the machine and its load in one line."""
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.1f} GiB, {platform.machine()}, "
        f"Python {platform.python_version()}, load {load}"
    )


def wait_until(condition: Callable[[], bool], what: str, timeout_seconds: float = 30) -> None:
    """Poll until `condition()` is true. Raise BenchError naming `what` after the timeout."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"waited {timeout_seconds:.0f} s in vain for {what}")
        time.sleep(POLL_SECONDS)


class Program:
    """A program with a log file and its own process group, so that Ctrl-C does not reach it."""

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
        """Wait like wait_until(). Fail with the end of the log, at once if the program ended."""
        try:
            wait_until(lambda: condition() or not self.is_running, what, timeout_seconds)
        except BenchError as exc:
            raise BenchError(f"{exc}\n{self.tail()}") from exc
        if not condition():
            raise BenchError(f"the program ended while waiting for {what}\n{self.tail()}")

    def tail(self) -> str:
        """Return the last lines of its log."""
        lines = self._log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        return "\n".join(f"    {line}" for line in lines)

    def processes(self) -> list[psutil.Process]:
        """Return its process and all descendants."""
        itself = psutil.Process(self.pid)
        return [itself, *itself.children(recursive=True)]

    def ends_within(self, seconds: float) -> bool:
        """Wait for its end. Return False after the timeout."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def close(self) -> None:
        """End it and its children."""
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
    """Return an environment without this machine's settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in OWN_NAMES and not name.startswith(OWN_SETTINGS)
    }
    return kept | {"MOXIE_WORK_DIR": str(work), "PYTHONUNBUFFERED": "1"} | more


@contextmanager
def work_directory() -> Iterator[Path]:
    """Yield a directory that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="moxie-bench-") as name:
        yield Path(name)


def manage(*arguments: str) -> list[str]:
    """Return the command line of a management command."""
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def run_manage(env: Mapping[str, str], *arguments: str) -> str:
    """Run a management command and return its output. Raise BenchError if it fails."""
    command = manage(*arguments)
    done = subprocess.run(command, env=dict(env), cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"{arguments[0]} failed\n{done.stderr}")
    return done.stdout


def make_database(env: Mapping[str, str]) -> None:
    """Migrate the work directory's database."""
    run_manage(env, "migrate", "--verbosity", "0")


def find_voice(path: Path | None) -> Path | None:
    """Return the Piper voice to measure with: the given one, or the installed bench voice."""
    has_piper = importlib.util.find_spec("piper") is not None
    if path is not None and not (path.is_file() and has_piper):
        raise BenchError(f"there is no voice {path}" if has_piper else "Piper is not installed")
    voice = path or BENCH_VOICE
    return voice if voice.is_file() and has_piper else None


def copy_voice(voice: Path, directory: Path) -> Path:
    """Copy a voice, so that files kept beside it are deleted with the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in (voice, voice.with_name(f"{voice.name}.json")):
        shutil.copy(path, directory / path.name)
    return directory / voice.name


class Broker:
    """A Mosquitto with run_broker's configuration, on free ports."""

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
        # The measurements' clients have no account. A pattern counts for those with one, too.
        config.with_name("local.acl").write_text("pattern readwrite #\npattern read $SYS/#\n")
        self.command = [program, "-c", str(config)]
        self._program = Program(self.command, work / "broker.log", os.environ)
        try:
            self._program.wait_until(lambda: answers(self.port), "the broker", 15)
        except BaseException:
            self.close()
            raise

    def freeze(self) -> None:
        """Freeze it: connections stay open, nothing answers."""
        self._program.signal(signal.SIGSTOP)

    def close(self) -> None:
        self._program.close()
