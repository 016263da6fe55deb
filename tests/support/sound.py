"""A real sound device: a PulseAudio null sink, its monitor recorded and compared."""

from __future__ import annotations

import signal
import subprocess
import threading
import uuid
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.support.tools import Process, wait_until

RATE = 22_050
LOUD = 300


def pactl(*arguments: str) -> str:
    return subprocess.run(["pactl", *arguments], check=True, capture_output=True, text=True).stdout


class Sink:
    """A null sink that records everything played into it.

    Only one may be the default: PulseAudio moves recordings to the next default sink.
    """

    def __init__(self, *, is_default: bool = True) -> None:
        self._is_default = is_default
        self.name = f"moxie_{uuid.uuid4().hex[:8]}"
        self._before = pactl("get-default-sink").strip()
        self._module = ""
        self._blocks: list[bytes] = []
        self.plug_in()

    def plug_in(self) -> None:
        """Create the device, with an empty recording."""
        # Use our rate, so that samples are not resampled.
        self._module = pactl(
            "load-module",
            "module-null-sink",
            f"sink_name={self.name}",
            f"rate={RATE}",
            "channels=1",
            "format=s16le",
        ).strip()
        self._be_default()
        self._blocks = []
        command = [
            "parec",
            "-d",
            f"{self.name}.monitor",
            f"--rate={RATE}",
            "--channels=1",
            "--format=s16le",
            "--latency-msec=10",
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        threading.Thread(target=self._listen, name="tests.ear", daemon=True).start()
        wait_until(lambda: self._blocks, "the recording to start")

    def begin_anew(self, *, is_default: bool = True) -> Sink:
        """Reset the device: plugged in, awake and silent."""
        self._is_default = is_default
        self._be_default()
        self.forget()
        wait_until(lambda: self.is_silent_for(0.1), "the silence after another test")
        self.forget()
        return self

    @property
    def is_usable(self) -> bool:
        """Return True if the device exists, is awake and is recorded."""
        return bool(self._module) and self._process.poll() is None and self.state != "SUSPENDED"

    def unplug(self) -> None:
        """Remove the device, even during playback."""
        self.stop_recording()
        pactl("unload-module", self._module)
        self._module = ""

    def suspend(self, *, is_suspended: bool) -> None:
        """Suspend the device as a user would: PulseAudio does not wake it for sound."""
        pactl("suspend-sink", self.name, str(int(is_suspended)))

    @property
    def state(self) -> str:
        """Return `RUNNING`, `IDLE` or `SUSPENDED`."""
        lines = pactl("list", "short", "sinks").splitlines()
        return next(line.split()[-1] for line in lines if self.name in line)

    def recorded(self) -> np.ndarray:
        """Return everything recorded so far, 16-bit samples at RATE."""
        data = b"".join(list(self._blocks))
        return np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2")

    def forget(self) -> None:
        """Clear the recording."""
        self._blocks.clear()

    def is_silent_for(self, seconds: float) -> bool:
        """Return True if the last `seconds` of the recording are silent."""
        tail = self.recorded()[-round(seconds * RATE) :]
        return len(tail) >= seconds * RATE and int(np.abs(tail).max()) < LOUD

    def close(self) -> None:
        self.stop_recording()
        # PulseAudio removes its dummy sink when another exists, so there may be none to move to.
        subprocess.run(["pactl", "set-default-sink", self._before], capture_output=True)
        if self._module:
            pactl("unload-module", self._module)

    def _be_default(self) -> None:
        if self._is_default:
            pactl("set-default-sink", self.name)

    def _listen(self) -> None:
        process, blocks = self._process, self._blocks
        assert process.stdout is not None
        while block := process.stdout.read1(4096):  # type: ignore[attr-defined]
            blocks.append(block)

    def stop_recording(self) -> None:
        self._process.terminate()
        self._process.wait(5)
        if self._process.stdout is not None:
            self._process.stdout.close()


class SoundServer:
    """A separate PulseAudio that the test may kill."""

    def __init__(self, *modules: str) -> None:
        self._modules = modules
        self.start()

    def start(self) -> None:
        modules = ("module-native-protocol-unix", *self._modules)
        self._process = Process(
            [
                "pulseaudio",
                "-n",
                "--daemonize=no",
                "--exit-idle-time=-1",
                "--use-pid-file=no",
                "--disable-shm=yes",  # it aborts now and then when a client with a memfd goes away
                *(f"--load={each}" for each in modules),
            ]
        )
        wait_until(lambda: subprocess.run(["pactl", "info"], capture_output=True).returncode == 0)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze it: its clients stay connected, and wait."""
        self._process.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.signal(signal.SIGKILL)
        self._process.wait()
        self._process.close()

    def close(self) -> None:
        self._process.close()


@contextmanager
def sound_server_in(directory: Path, *modules: str) -> Iterator[SoundServer]:
    """Run a PulseAudio with its socket in `directory`; whatever starts within the block uses it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("PULSE_SERVER", raising=False)
        patched.setenv("PULSE_RUNTIME_PATH", str(directory))
        server = SoundServer(*modules)
        try:
            yield server
        finally:
            server.close()


def likeness(expected: np.ndarray, recorded: np.ndarray) -> float:
    """Return the highest normalized correlation of `expected` within `recorded`; 1 is equal."""
    wanted = expected.astype(np.float64)
    wanted -= wanted.mean()
    heard = recorded.astype(np.float64)
    if len(heard) < len(wanted) or not wanted.any():
        return 0.0
    size = 1 << (len(heard) + len(wanted)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)
    lags = len(heard) - len(wanted) + 1
    energy = np.concatenate([[0.0], np.cumsum(heard**2)])
    power = energy[len(wanted) :][:lags] - energy[:lags]
    scale = np.sqrt((wanted**2).sum() * np.maximum(power, 1.0))
    return float((product[:lags] / scale).max())


def read_wav(path: Path) -> tuple[np.ndarray, int]:
    """Return samples and rate of a WAV file."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()
