"""A process of bench.baselines, controlled by the measurements."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.machine import BenchError, Broker, Program, clean_environment
from bench.wire import Wire

START_SECONDS = 60


class BaselineProcess:
    """A started baseline, ready once constructed."""

    def __init__(self, name: str, broker: Broker, work: Path, *arguments: str, **env: str) -> None:
        self.name = name
        self._wire = Wire(broker.port, f"bench/{name}/idle")
        self._program = Program(
            [sys.executable, "-m", "bench.baselines", name, "--port", str(broker.port), *arguments],
            work / f"{name}.log",
            clean_environment(work, **env),
        )
        try:
            self._wait_for_idle(START_SECONDS)
        except BaseException:
            self.close()
            raise

    def say(self, text: str) -> None:
        """Publish a text."""
        self._wire.publish(f"bench/{self.name}/text", text)

    def finish(self, *, whole: bool) -> None:
        """Wait until it was spoken, or stop it."""
        if not whole:
            self._wire.publish(f"bench/{self.name}/stop", b"")
        self._wait_for_idle(90)

    def close(self) -> None:
        self._program.close()
        self._wire.close()

    def _wait_for_idle(self, timeout_seconds: float) -> None:
        try:
            self._wire.wait_for(lambda *_: True, f"{self.name} to be ready", timeout_seconds)
        except BenchError as exc:
            raise BenchError(f"{exc}\n{self._program.tail()}") from exc
        self._wire.forget()
