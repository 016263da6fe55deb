"""The parts of a chaos run: processes that are killed, stopped, frozen and restarted."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.machine import Program
from bench.plan import FORGET, KINDS, NETWORK, Fault
from bench.severable import SIGNAL

POLL_SECONDS = 0.05
ORPHAN_SECONDS = 15.0
"""Time that a child may outlive its killed parent."""
STOP_SECONDS = 30.0
"""Longer than any part may take to stop."""


class Part:
    """A program that can be restarted."""

    def __init__(
        self,
        name: str,
        command: Callable[[int], list[str]],
        log: Path,
        env: Mapping[str, str],
        forgets: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        kill_signal: signal.Signals = signal.SIGKILL,
        kinds: Sequence[str] = KINDS,
    ) -> None:
        """`command` returns the command of each numbered start; FORGET deletes `forgets`.

        NETWORK among its `kinds` of faults needs a program of bench.severable.
        """
        self.kinds = kinds
        self._stop_signal = stop_signal
        self._kill_signal = kill_signal
        self.name = name
        self.starts = 0
        self.faults: Counter[str] = Counter()
        self.unclean: set[int] = set()
        """Starts that were not ended properly."""
        self.complaints: list[str] = []
        self.longest_stop_seconds = 0.0
        self._command = command
        self._log = log
        self._env = env
        self._forgets = forgets
        self._program: Program | None = None
        self._told_at: float | None = None
        self._has_ended = False
        self._groups: list[int] = []

    @property
    def is_running(self) -> bool:
        return self._program is not None and self._program.is_running

    def start(self) -> None:
        self.starts += 1
        self._told_at, self._has_ended = None, False
        self._program = Program(self._command(self.starts), self._log, self._env)
        self._groups.append(self._program.pid)

    def hurt(self, fault: Fault) -> None:
        """Begin a fault."""
        self.look()
        self.faults[fault.kind] += 1
        assert self._program is not None
        if fault.kind == "freeze":
            self._program.signal(signal.SIGSTOP)
        elif fault.kind == "stop":
            self.tell_to_stop()
        elif fault.kind == NETWORK:
            self._program.signal(SIGNAL)
        else:
            self._kill()

    def heal(self, fault: Fault) -> None:
        """End a fault and restore the part."""
        assert self._program is not None
        if fault.kind == "freeze":
            self._program.signal(signal.SIGCONT)
        if fault.kind in ("freeze", NETWORK):
            return
        if fault.kind == "stop":
            self.wait_for_end()
        if fault.kind == FORGET and self._forgets is not None:
            self._forgets.unlink(missing_ok=True)
        self.start()

    def look(self) -> None:
        """Record an end, and restart the part if it was unexpected. Call it often."""
        if self._has_ended or self.is_running:
            return
        self._has_ended = True
        if self._told_at is not None:
            took = time.monotonic() - self._told_at
            self.longest_stop_seconds = max(self.longest_stop_seconds, took)
        elif self.starts not in self.unclean:
            tail = self._program.tail() if self._program else ""
            self.complaints.append(f"{self.name} ended by itself at start {self.starts}\n{tail}")
            self.unclean.add(self.starts)
            self.start()

    def tell_to_stop(self) -> None:
        assert self._program is not None
        self._told_at = time.monotonic()
        self._program.signal(self._stop_signal)

    def wait_for_end(self) -> None:
        """Wait until it has stopped as told. Kill it after the timeout."""
        assert self._program is not None and self._told_at is not None
        ended = self._program.ends_within(self._told_at + STOP_SECONDS - time.monotonic())
        if not ended:
            self.complaints.append(
                f"{self.name} did not stop in {STOP_SECONDS:.0f} s\n{self._program.tail()}"
            )
            self._kill()
        self.look()

    def close(self) -> None:
        """End it and its children. Add a complaint if an earlier process is left."""
        for group in self._groups[: -1 if self.is_running else None]:
            deadline = time.monotonic() + ORPHAN_SECONDS
            while _is_alive(group) and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            if _is_alive(group):
                self.complaints.append(f"{self.name} left processes of group {group} behind")
                os.killpg(group, signal.SIGKILL)
        if self._program is not None:
            self._program.close()

    def _kill(self) -> None:
        assert self._program is not None
        self.unclean.add(self.starts)
        self._program.signal(self._kill_signal)
        self._program.ends_within(10)


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
