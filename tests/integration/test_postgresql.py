"""The history in PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing

import pytest

from bench.postgres import Postgres, find_programs
from tests.support.tools import ROOT

TESTS = ["backup", "history", "models", "monitor/test_api.py", "test_migrations.py"]


@pytest.mark.skipif(find_programs() is None, reason="PostgreSQL is not installed")
def test_history_tests_pass_in_postgresql() -> None:
    programs = find_programs()
    assert programs is not None
    with closing(Postgres(programs, is_durable=False)) as server:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "--ds=tests.settings_postgresql",
                *(f"tests/unit/ttsmonitor/{name}" for name in TESTS),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env=os.environ | {"MOXIE_TEST_POSTGRESQL": server.new_database("moxie")},
        )
    assert done.returncode == 0, done.stdout + done.stderr
