"""End a process together with the one that supervises it, even if that one was killed."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from multiprocessing import resource_tracker

SUPERVISOR = "MOXIE_SUPERVISOR"
"""Environment variable with the process id of the supervisor."""
LOOK_SECONDS = 1.0
TRACKER_SECONDS = 1.0
PR_SET_PDEATHSIG = 1
"""Of prctl(2). A program that replaces this process keeps it."""


def end_with_supervisor() -> None:
    """Have this process get SIGTERM when its supervisor dies, if it has one.

    Not on Windows, where the parent of a process in a virtual environment is a starter of Python's.
    """
    supervisor = int(os.environ.get(SUPERVISOR) or 0)
    if not supervisor:
        return
    del os.environ[SUPERVISOR]  # it is not that of our own children
    if os.name == "nt":
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    threading.Thread(
        target=_watch, args=(supervisor,), name="ttsmonitor.supervisor", daemon=True
    ).start()


def end_resource_tracker() -> None:
    """End the helper process of multiprocessing, once our processes have ended.

    It ends by itself a moment after this process. systemd finds it in that moment and kills it.
    """
    stop = getattr(resource_tracker._resource_tracker, "_stop", None)
    if stop is not None:  # Python has no public name for it
        ending = threading.Thread(target=stop, name="ttsmonitor.tracker", daemon=True)
        ending.start()
        ending.join(TRACKER_SECONDS)  # a process that was left behind would hold it up


def _watch(supervisor: int) -> None:
    """Send the signal where the system does not, or if the supervisor died before we asked."""
    while os.getppid() == supervisor:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
