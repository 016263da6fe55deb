"""Run broker, hive and speech service together: start, announce, stop in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hive.process import readiness
from hive.process.broker_watch import PATIENCE_SECONDS, BrokerWatch
from hive.process.console import Console
from hive.process.plan import BROKER, HIVE, SPEECH, WYOMING, Plan
from ttsmonitor.conf import conf
from ttsmonitor.system.orphans import SUPERVISOR
from ttsmonitor.system.signals import HANG_UP, STOP_SIGNALS, on_stop_signal
from ttsmonitor.system.systemd import Systemd
from ttsmonitor.system.terminal_command import in_terminal_language

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
LONGEST_DELAY_SECONDS = 30.0
"""Before another start of a process that ended by itself; the first delay is one second."""
DEATHS, DEATHS_SECONDS = 5, 60.0
"""A process that ends so often within so many seconds is not started again."""
STOP = signal.Signals(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
"""What asks a process to stop. SIGTERM would kill it on Windows."""
COMMANDS = {
    BROKER: "run_broker",
    HIVE: "run_hive",
    SPEECH: "run_tts_subscriber",
    WYOMING: "run_wyoming",
}
CHECKS = {
    BROKER: (gettext_noop("the broker"), readiness.is_broker_ready),
    HIVE: (gettext_noop("the hive"), readiness.is_hive_ready),
    SPEECH: (gettext_noop("the speech service"), readiness.is_speech_ready),
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
            # Ctrl-C is not to reach it before its turn.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            text=True,
            errors="replace",
            # systemd hears of the service as a whole from this process alone.
            env=os.environ | {SUPERVISOR: str(os.getpid()), "NOTIFY_SOCKET": ""},
        )
        self.returncode: int | None = None
        self._is_asked = False
        self._reader = threading.Thread(target=self._print_output, name=f"hive.{name}", daemon=True)
        self._reader.start()
        words = _("{name} started (pid={pid})")
        console.write(words.format(name=name, pid=self._process.pid))

    @property
    def has_ended(self) -> bool:
        """True once it has ended and its output is printed."""
        if self.returncode is None and self._process.poll() is not None:
            self._reader.join(POLL_SECONDS)
            if self._reader.is_alive():  # a child of it still holds the pipe
                self.kill()
            else:
                self.returncode = self._process.returncode
                words = _("{name} stopped (rc={code})")
                self._console.write(words.format(name=self.name, code=self.returncode))
        return self.returncode is not None

    def terminate(self) -> None:
        """Ask it to stop; only the first call does.

        Its children get no signal: the speech service finishes its sentence with the help of its
        synthesis process, and stops that itself.
        """
        if not self._is_asked:
            self._is_asked = True
            self._process.send_signal(STOP)

    def kill(self) -> None:
        """Kill it with its children."""
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:  # Windows ends the children of Python's starter with it
                self._process.kill()

    def _print_output(self) -> None:
        if self._process.stdout is not None:
            with self._process.stdout as output:
                for line in output:
                    self._console.write(line, self.name)


class Part:
    """A process that is started again when it ends by itself, after 1, 2, 4 … 30 seconds."""

    def __init__(self, name: str, console: Console) -> None:
        """Start it."""
        self.name = name
        self.has_failed = False
        """It ended too often and is not started again."""
        self._console = console
        self._deaths: deque[float] = deque(maxlen=DEATHS)  # time.monotonic()
        self._delay_seconds = 1.0
        self._due: float | None = None  # of the next start
        self._start()

    def _start(self) -> None:
        self._due, self._started = None, time.monotonic()
        self.process = ManagedProcess(self.name, self._console)

    def tend(self) -> None:
        """Start it again if it has ended and its delay is over."""
        if self._due is not None:
            if time.monotonic() >= self._due:
                self._start()
        elif self.process.has_ended:
            self._note_death()

    def _note_death(self) -> None:
        now = time.monotonic()
        self._deaths.append(now)
        values = {"name": self.name, "code": self.process.returncode}
        if len(self._deaths) == DEATHS and now - self._deaths[0] < DEATHS_SECONDS:
            self.has_failed = True
            words = _(
                "{name} ended by itself, exit code {code}, {count} times in {seconds} s:"
                " stopping the rest"
            )
            values |= {"count": DEATHS, "seconds": round(DEATHS_SECONDS)}
            self._console.warn(words.format(**values))
            return
        if now - self._started > DEATHS_SECONDS:
            self._delay_seconds = 1.0
        self._due = now + self._delay_seconds
        words = _("{name} ended by itself, exit code {code}: it is started again in {seconds} s")
        self._console.warn(words.format(**values, seconds=round(self._delay_seconds)))
        self._delay_seconds = min(2 * self._delay_seconds, LONGEST_DELAY_SECONDS)


class Supervisor:
    """Starts the processes of a plan, keeps them running and stops all of them, the broker last.

    The first stop signal asks them to stop, the second kills them. If one ends again and again, the
    rest is stopped.
    """

    def __init__(self, plan: Plan, *, account: bool = True) -> None:
        """Start nothing yet. With `account=False` the first account is not created."""
        self._plan = plan
        self._makes_account = account
        self._systemd = Systemd()
        self._console = Console(sys.stdout)
        self._stop_seconds = stop_seconds()
        self._parts: list[Part] = []
        self._is_forced = False
        self._watch = BrokerWatch(readiness.is_broker_ready, self._end_broker)
        self._asked = threading.Event()
        """Somebody wants it to stop."""
        self._stopping = threading.Event()

    def run(self) -> int:
        """Run until all processes have ended. Return 0 after a clean stop that was asked for."""
        # A closed terminal is a stop signal, too.
        with on_stop_signal(self._asked.set, self._force, (*STOP_SIGNALS, *HANG_UP)):
            try:
                self._start()
                while not self._asked.wait(POLL_SECONDS):
                    self._systemd.feed()
                    for part in self._parts:
                        part.tend()
                    if any(part.has_failed for part in self._parts):
                        break
            finally:
                self._stopping.set()
                self._systemd.stopping()
                self._watch.stop()
                is_wanted = self._asked.is_set()
                if is_wanted:
                    self._console.write(_("stopping; once more to force it"))
                self._stop()
        # One that was asked to stop before it could handle the signal was ended by it.
        clean = (0, -signal.SIGTERM)
        failed = [each.name for each in self._processes if each.returncode not in clean]
        if is_wanted and failed:
            words = _("{names} did not stop cleanly")
            self._console.warn(words.format(names=", ".join(failed)))
        return 0 if is_wanted and not failed else 1

    def _force(self, number: int) -> None:
        self._is_forced = True

    @property
    def _processes(self) -> list[ManagedProcess]:
        return [part.process for part in self._parts]

    def _start(self) -> None:
        for name in self._plan.names:
            if self._asked.is_set():
                return
            self._parts.append(Part(name, self._console))
            if name == BROKER:
                self._wait_for_broker(self._parts[-1].process)
                self._watch.start()
        # No daemon: the password of an account that was created is shown in any case.
        threading.Thread(target=self._announce, name="hive.announce").start()

    def _end_broker(self) -> None:
        """Kill a broker that hangs or whose memory strangers have filled; tend() starts another."""
        with in_terminal_language():  # in a thread of its own
            words = _("the broker has let nobody in for {seconds} s: ending it")
        self._console.warn(words.format(seconds=round(PATIENCE_SECONDS)))
        for part in self._parts:
            if part.name == BROKER:
                part.process.kill()

    def _wait_for_broker(self, process: ManagedProcess) -> None:
        """Wait until it listens: a client that finds no broker tries again only seconds later."""
        deadline = time.monotonic() + BROKER_SECONDS
        while not process.has_ended and not self._asked.is_set() and time.monotonic() < deadline:
            if readiness.is_broker_ready():
                return
            time.sleep(POLL_SECONDS)

    def _stop(self) -> None:
        """Stop hive and speech service, then the broker, over which they say goodbye."""
        deadline = time.monotonic() + self._stop_seconds
        while (running := self._running()) and not self._is_forced:
            clients = [process for process in running if process.name != BROKER]
            is_late = time.monotonic() > deadline - 1
            for process in running if is_late or not clients else clients:
                process.terminate()
            if time.monotonic() > deadline:
                for process in running:
                    words = _("{name} did not stop in {seconds} s, so it is killed")
                    seconds = round(self._stop_seconds)
                    self._console.warn(words.format(name=process.name, seconds=seconds))
                break
            time.sleep(POLL_SECONDS)
        for process in self._running():
            process.kill()
        while self._running():
            time.sleep(POLL_SECONDS)

    def _running(self) -> list[ManagedProcess]:
        return [process for process in self._processes if not process.has_ended]

    def _announce(self) -> None:
        """Say when everything is ready, and show the first account, in a thread of its own."""
        with in_terminal_language():
            self._announce_when_ready()

    def _announce_when_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        has_speech = SPEECH in self._plan.names
        names = (BROKER, HIVE, SPEECH) if has_speech else (BROKER, HIVE)
        waiting = [CHECKS[name] for name in names]
        while waiting and not self._stopping.is_set():
            if time.monotonic() > deadline:
                missing = ", ".join(_(name) for name, _check in waiting)
                words = _("not ready after {seconds} s: {names}")
                self._console.warn(words.format(seconds=READY_SECONDS, names=missing))
                break
            waiting = [(name, check) for name, check in waiting if not check()]
            self._stopping.wait(POLL_SECONDS)
        if self._stopping.is_set():
            return
        self._systemd.ready()
        # Created this late, so that a start that fails does not show it once and to nobody.
        account = readiness.first_account() if self._makes_account else ""
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
