"""A recorded sound device: a PulseAudio null sink and the times of its sound."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Callable

import numpy as np

from bench.machine import BenchError, wait_until

RATE = 22_050
"""Samples per second."""
LOUD = 300
"""A 16-bit level above any dither and below any speech."""
LATENCY_MS = 5
"""Latency of the recording, which is the resolution of the measurements."""
GIVE_UP_SECONDS = 60.0
IDLE_SECONDS = 20


def pactl(*arguments: str) -> str:
    done = subprocess.run(["pactl", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"pactl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


class Ear:
    """A null sink. Programs started with `env` play into it, whatever the default device is."""

    def __init__(self) -> None:
        _ensure_pulseaudio()
        self.sink = f"moxie_bench_{uuid.uuid4().hex[:8]}"
        self.env = {"PULSE_SINK": self.sink}
        self._armed = False
        self._first: float | None = None
        self._last = self._listened = 0.0
        self._heard = threading.Event()
        self._module = pactl("load-module", "module-null-sink", f"sink_name={self.sink}")
        command = [
            "parec",
            "-d",
            f"{self.sink}.monitor",
            f"--rate={RATE}",
            "--channels=1",
            "--format=s16le",
            f"--latency-msec={LATENCY_MS}",
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        threading.Thread(target=self._listen, name="bench.ear", daemon=True).start()
        try:
            wait_until(lambda: self._listened > 0, "the recording to start", 15)
        except BaseException:
            self.close()
            raise

    def first_sound_after(self, act: Callable[[], object]) -> float:
        """Return the milliseconds from calling act() to the first sound."""
        self._first = None
        self._heard.clear()
        self._armed = True
        start = time.perf_counter()
        act()
        heard = self._heard.wait(GIVE_UP_SECONDS)
        self._armed = False
        if not heard or self._first is None:
            raise BenchError(f"nothing was heard at the sound device for {GIVE_UP_SECONDS:.0f} s")
        return (self._first - start) * 1000

    def last_sound_after(self, act: Callable[[], object], quiet_seconds: float) -> float:
        """Return the milliseconds from calling act() to the last sound before this silence."""
        start = time.perf_counter()
        act()
        self.wait_for_silence(quiet_seconds, since=start)
        return max(0.0, (self._last - start) * 1000)

    def hear(self, seconds: float) -> None:
        """Listen this much longer, then wait until there is sound."""
        until = time.perf_counter() + seconds

        def is_sounding() -> bool:
            return self._listened >= until and self._listened == self._last

        wait_until(is_sounding, "a sound", GIVE_UP_SECONDS)

    def wait_for_silence(self, seconds: float, *, since: float = 0.0) -> None:
        """Wait until there was no sound for this many seconds, and after `since`."""

        def is_silent() -> bool:
            return self._listened - max(self._last, since) >= seconds

        wait_until(is_silent, f"{seconds} s of silence", GIVE_UP_SECONDS + seconds)

    def close(self) -> None:
        """Remove the sink. May be called repeatedly."""
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(5)
        module, self._module = self._module, ""
        if module:
            pactl("unload-module", module)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while block := self._process.stdout.read1(4096):  # type: ignore[attr-defined]
            now = time.perf_counter()
            samples = np.frombuffer(block[: len(block) // 2 * 2], dtype="<i2").astype(np.int32)
            if len(samples) and int(np.abs(samples).max()) > LOUD:
                self._last = now
                if self._armed and not self._heard.is_set():
                    self._first = now
                    self._heard.set()
            self._listened = now


def _ensure_pulseaudio() -> None:
    missing = [each for each in ("pactl", "parec", "paplay") if shutil.which(each) is None]
    if missing:
        raise BenchError(f"{', '.join(missing)} not found: install pulseaudio-utils")
    if subprocess.run(["pactl", "info"], capture_output=True).returncode == 0:
        return
    if shutil.which("pulseaudio") is None:
        raise BenchError("no PulseAudio or PipeWire answers, and pulseaudio is not installed")
    # It ends by itself some time after its last client.
    command = ["pulseaudio", "--start", f"--exit-idle-time={IDLE_SECONDS}"]
    subprocess.run(command, check=True, capture_output=True)
