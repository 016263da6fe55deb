"""docker/mosquitto/start.sh, in directories of its own, without Docker."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command

from hive.broker.limits import STORE_BYTES
from tests.support.tools import ROOT


@pytest.mark.parametrize(("size", "kept"), [(STORE_BYTES, True), (STORE_BYTES + 1, False)])
def test_start_copies_the_files_and_sets_a_full_store_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], size: int, kept: bool
) -> None:
    root = tmp_path / "mosquitto"
    call_command("broker_files", str(tmp_path / "certificates"))
    (root / "data").mkdir(parents=True)
    store = root / "data" / "mosquitto.db"
    with store.open("wb") as file:
        file.truncate(size)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("chown", "mosquitto"):  # which need a user and a broker
        (programs / name).write_text(f'#!/bin/sh\necho {name} "$@"\n')
        (programs / name).chmod(0o755)
    script = (ROOT / "docker/mosquitto/start.sh").read_text()
    script = script.replace("/mosquitto/", f"{root}/").replace(
        "/certificates/", f"{tmp_path}/certificates/"
    )
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    done = subprocess.run(
        ["sh", "-c", script], env={"PATH": path}, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == f"mosquitto -c {root}/moxie/mosquitto.conf"
    assert store.exists() is kept
    copied = {path.name for path in (root / "moxie").iterdir()}
    config = (root / "moxie" / "mosquitto.conf").read_text()
    named = {line.rsplit("/", 1)[1] for line in config.splitlines() if "/mosquitto/moxie/" in line}
    assert named and named < copied
    assert not [path for path in (root / "moxie").iterdir() if path.stat().st_mode & 0o077]
