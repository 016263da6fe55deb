"""Run broker, hive and speech service together: start, announce, stop in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from django.conf import settings

from hive.process import readiness
from hive.process.console import Console
from hive.process.plan import BROKER, HIVE, SPEECH, Plan
from ttsmonitor.conf import conf
from ttsmonitor.system.signals import STOP_SIGNALS

# The longest time that a process takes to stop when it has no sentence to finish, and that the
# speech service takes in addition to its sentence.
STOP_SECONDS = 12.0
BESIDE_SENTENCE_SECONDS = 4.0
BROKER_SECONDS = 5
READY_SECONDS = 60
POLL_SECONDS = 0.1
QUIET_SECONDS = 0.5
"""The first account is shown when nothing was printed for so long, so that it stands last,"""
RESTLESS_SECONDS = 5.0
"""or after so long in any case."""
COMMANDS = {BROKER: "run_broker", HIVE: "run_hive", SPEECH: "run_tts_subscriber"}
CHECKS = {
    BROKER: ("the broker", readiness.is_broker_ready),
    HIVE: ("the hive", readiness.is_hive_ready),
    SPEECH: ("the speech service", readiness.is_speech_ready),
}


def stop_seconds() -> float:
    """Return how long all processes may take to stop before they are killed."""
    return max(STOP_SECONDS, conf.TTS_DRAIN_SECONDS + BESIDE_SENTENCE_SECONDS)


class ManagedProcess:
    """A management command in a process and session of its own, whose output is printed."""

    def __init__(self, name: str, console: Console) -> None:
        """Start it."""
        self.name = name
        self._console = console
        manage = Path(settings.PROJECT_ROOT) / "manage.py"
        self._process = subprocess.Popen(  # noqa: S603  the command is ours
            [sys.executable, "-u", str(manage), COMMANDS[name]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that Ctrl-C does not reach it before its turn
            text=True,
            errors="replace",
        )
        self.returncode: int | None = None
        self._is_asked = False
        self._reader = threading.Thread(target=self._print_output, name=f"hive.{name}", daemon=True)
        self._reader.start()
        console.write(f"{name} started (pid={self._process.pid})")

    @property
    def has_ended(self) -> bool:
        """True once it has ended and its output is printed."""
        if self.returncode is None and self._process.poll() is not None:
            self._reader.join(POLL_SECONDS)
            if not self._reader.is_alive():  # else a child of it still holds the pipe
                self.returncode = self._process.returncode
                self._console.write(f"{self.name} stopped (rc={self.returncode})")
        return self.returncode is not None

    def terminate(self) -> None:
        """Ask it to stop; only the first call does.

        Its children get no signal: the speech service finishes its sentence with the help of its
        synthesis process, and stops that itself.
        """
        if not self._is_asked:
            self._is_asked = True
            self._process.terminate()

    def kill(self) -> None:
        """Kill it with its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _print_output(self) -> None:
        if self._process.stdout is not None:
            with self._process.stdout as output:
                for line in output:
                    self._console.write(line, self.name)


class Supervisor:
    """Starts the processes of a plan and stops all of them, the broker last.

    The first stop signal asks them to stop, the second kills them. If one ends by itself, the rest
    is stopped.
    """

    def __init__(self, plan: Plan) -> None:
        """Start nothing yet."""
        self._plan = plan
        self._console = Console(sys.stdout)
        self._stop_seconds = stop_seconds()
        self._processes: list[ManagedProcess] = []
        self._signals = 0
        self._stopping = threading.Event()

    def run(self) -> int:
        """Run until all processes have ended. Return 0 after a clean stop that was asked for."""
        with self._counting_signals():
            try:
                self._start()
                while not self._signals and not any(each.has_ended for each in self._processes):
                    time.sleep(POLL_SECONDS)
            finally:
                self._stopping.set()
                is_wanted = self._signals > 0
                self._announce_stop(is_wanted)
                self._stop()
        # One that was asked to stop before it could handle the signal was ended by it.
        clean = (0, -signal.SIGTERM)
        failed = [each.name for each in self._processes if each.returncode not in clean]
        if is_wanted and failed:
            self._console.write(f"{', '.join(failed)} did not stop cleanly")
        return 0 if is_wanted and not failed else 1

    @contextmanager
    def _counting_signals(self) -> Iterator[None]:
        """Count stop signals; a closed terminal sends one too."""

        def count(number: int, frame: FrameType | None) -> None:
            self._signals += 1  # and nothing else: the main thread may hold any lock

        numbers = (*STOP_SIGNALS, signal.SIGHUP)
        old = {number: signal.signal(number, count) for number in numbers}
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)

    def _start(self) -> None:
        for name in self._plan.names:
            if self._signals:
                return
            process = ManagedProcess(name, self._console)
            self._processes.append(process)
            if name == BROKER:
                self._wait_for_broker(process)
        # No daemon: the password of an account that was created is shown in any case.
        threading.Thread(target=self._announce, name="hive.announce").start()

    def _wait_for_broker(self, process: ManagedProcess) -> None:
        """Wait until it listens: a client that finds no broker tries again only seconds later."""
        deadline = time.monotonic() + BROKER_SECONDS
        while not process.has_ended and not self._signals and time.monotonic() < deadline:
            if readiness.is_broker_ready():
                return
            time.sleep(POLL_SECONDS)

    def _announce_stop(self, is_wanted: bool) -> None:
        if is_wanted:
            self._console.write("stopping; once more to force it")
        for process in self._processes:
            if process.has_ended and not is_wanted:
                self._console.write(
                    f"{process.name} ended by itself, exit code {process.returncode}:"
                    " stopping the rest"
                )

    def _stop(self) -> None:
        """Stop hive and speech service, then the broker, over which they say goodbye."""
        deadline = time.monotonic() + self._stop_seconds
        while (running := self._running()) and self._signals < 2:
            clients = [process for process in running if process.name != BROKER]
            is_late = time.monotonic() > deadline - 1
            for process in running if is_late or not clients else clients:
                process.terminate()
            if time.monotonic() > deadline:
                for process in running:
                    self._console.write(
                        f"{process.name} did not stop in {self._stop_seconds:.0f} s, so it is"
                        " killed"
                    )
                break
            time.sleep(POLL_SECONDS)
        for process in self._running():
            process.kill()
        while self._running():
            time.sleep(POLL_SECONDS)

    def _running(self) -> list[ManagedProcess]:
        return [process for process in self._processes if not process.has_ended]

    def _announce(self) -> None:
        """Say when everything is ready, and show the first account."""
        deadline = time.monotonic() + READY_SECONDS
        has_speech = SPEECH in self._plan.names
        names = (BROKER, HIVE, SPEECH) if has_speech else (BROKER, HIVE)
        waiting = [CHECKS[name] for name in names]
        while waiting and not self._stopping.is_set():
            if time.monotonic() > deadline:
                missing = ", ".join(name for name, _check in waiting)
                self._console.write(f"not ready after {READY_SECONDS} s: {missing}")
                break
            waiting = [(name, check) for name, check in waiting if not check()]
            self._stopping.wait(POLL_SECONDS)
        if self._stopping.is_set():
            return
        # Created this late, so that a start that fails does not show it once and to nobody.
        account = readiness.first_account()
        if account:
            self._wait_for_quiet()
        ready = "" if waiting else readiness.summary(self._plan.broker, speech=has_speech)
        if ready or account:
            self._console.write_plain(ready + account)

    def _wait_for_quiet(self) -> None:
        deadline = time.monotonic() + RESTLESS_SECONDS
        while not self._stopping.is_set() and time.monotonic() < deadline:
            if time.monotonic() - self._console.last_written > QUIET_SECONDS:
                return
            self._stopping.wait(POLL_SECONDS)
