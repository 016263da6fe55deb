"""A lock allows one service of each kind per directory and ends with its process."""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from tests.support.tools import running
from ttsmirror.exceptions import AlreadyRunningError, MoxieTTSError
from ttsmonitor.system.lock import Service, ensure_not_running, only_one

HOLD = """
import sys, time
from pathlib import Path
from ttsmonitor.system.lock import Service, only_one
with only_one(Path(sys.argv[1]), Service.SPEECH):
    print("held", flush=True)
    time.sleep(60)
"""
REPLACED = """
import os, sys
from pathlib import Path
from ttsmonitor.system.lock import Service, only_one
with only_one(Path(sys.argv[1]), Service.BROKER) as descriptor:
    os.set_inheritable(descriptor, True)
    sys.stdout.flush()
    os.execv("/bin/sh", ["sh", "-c", "echo held; read line"])
"""


def test_second_service_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    for _ in range(2):
        with only_one(tmp_path, Service.SPEECH):
            words = f"A speech service runs already in {tmp_path} .process {os.getpid()}"
            with (
                pytest.raises(AlreadyRunningError, match=words),
                only_one(tmp_path, Service.SPEECH),
            ):
                pass
    assert stat.S_IMODE((tmp_path / "speech.lock").stat().st_mode) == 0o600


def test_different_services_do_not_exclude_each_other(tmp_path: Path) -> None:
    with only_one(tmp_path, Service.BROKER), only_one(tmp_path, Service.HIVE):
        ensure_not_running(tmp_path, Service.SPEECH)
        with pytest.raises(AlreadyRunningError, match="A hive runs already"):
            ensure_not_running(tmp_path, Service.SPEECH, Service.HIVE)


def test_killed_process_releases_the_lock(tmp_path: Path) -> None:
    with running([sys.executable, "-c", HOLD, str(tmp_path)], {"PYTHONPATH": "site"}) as process:
        process.wait_for_line("held")
        with pytest.raises(AlreadyRunningError, match=f"process {process.pid}"):
            ensure_not_running(tmp_path, Service.SPEECH)
        process.signal(signal.SIGKILL)
        process.wait()
    with only_one(tmp_path, Service.SPEECH):
        assert (tmp_path / "speech.lock").read_text().strip() == str(os.getpid())


def test_lock_survives_exec_of_another_program(tmp_path: Path) -> None:
    command = [sys.executable, "-c", REPLACED, str(tmp_path)]
    with running(command, {"PYTHONPATH": "site"}) as process:
        process.wait_for_line("held")
        with pytest.raises(AlreadyRunningError, match=f"process {process.pid}"):
            ensure_not_running(tmp_path, Service.BROKER)
        process.type("")
        assert process.wait() == 0
    ensure_not_running(tmp_path, Service.BROKER)


def test_missing_directory_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(MoxieTTSError, match="cannot open the lock file"),
        only_one(tmp_path / "no", Service.SPEECH),
    ):
        pass
