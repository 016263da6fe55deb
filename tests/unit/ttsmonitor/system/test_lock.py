"""One at a time, and the next one when it is over, however it ended."""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from tests.support.tools import running
from ttsmirror.exceptions import AlreadyRunningError, MoxieTTSError
from ttsmonitor.system.lock import only_one

HOLD = """
import sys, time
from pathlib import Path
from ttsmonitor.system.lock import only_one
with only_one(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_there_is_one_and_then_the_next(tmp_path: Path) -> None:
    path = tmp_path / "speech.lock"
    for _ in range(2):
        with only_one(path):
            words = f"{tmp_path} .process {os.getpid()}"
            with pytest.raises(AlreadyRunningError, match=words), only_one(path):
                pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_killed_process_leaves_the_place_free(tmp_path: Path) -> None:
    path = tmp_path / "speech.lock"
    with running([sys.executable, "-c", HOLD, str(path)], {"PYTHONPATH": "site"}) as process:
        process.wait_for_line("held")
        with pytest.raises(AlreadyRunningError, match=f"process {process.pid}"), only_one(path):
            pass
        process.signal(signal.SIGKILL)
        process.wait()
    with only_one(path):
        assert path.read_text().strip() == str(os.getpid())


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MoxieTTSError, match="cannot be kept"), only_one(tmp_path / "no" / "lock"):
        pass
