"""Run a management command whose MQTT network threads end at a signal.

    python -m bench.severable run_hive

The signal is ignored where it comes before the handler, so whoever starts this has to ignore it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Sequence

SIGNAL = signal.SIGUSR2
PAHO = "paho-mqtt-client-"


def end_network_threads(*_signal: object) -> list[str]:
    """Raise SystemExit in each of paho's threads, as a failing callback would. Return their names.

    A thread that waits for its socket ends when it wakes up, after a second at most.
    """
    ended = []
    for thread in threading.enumerate():
        if thread.name.startswith(PAHO) and thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit)
            )
            ended.append(thread.name)
    # Not print(): the handler may have interrupted one.
    os.write(1, f"ended network threads: {ended}\n".encode())
    return ended


def allow_ending() -> None:
    """Handle the signal from now on."""
    signal.signal(SIGNAL, end_network_threads)


def main(arguments: Sequence[str]) -> None:
    allow_ending()
    from openmoxie.commandline import main as run_command

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openmoxie.settings")
    run_command(["manage.py", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
