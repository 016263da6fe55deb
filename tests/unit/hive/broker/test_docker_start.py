"""docker/mosquitto/, in directories of its own, without Docker."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from django.core.management import call_command

from hive.broker.limits import STORE_BYTES
from tests.support.tools import ROOT

SCRIPTS = ROOT / "docker" / "mosquitto"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Return a directory for programs that come first on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def add(programs: Path, name: str, script: str) -> None:
    (programs / name).write_text(f"#!/bin/sh\n{script}\n")
    (programs / name).chmod(0o755)


def run_script(
    name: str, root: Path, programs: Path, before: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a script with the container's directories below `root`."""
    for folder in ("mosquitto", "work", "tmp"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    script = re.sub(
        r"(?<=[\s\"<>=])/(?=(?:mosquitto|work|tmp)/)", f"{root}/", (SCRIPTS / name).read_text()
    )
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    return subprocess.run(
        ["sh", "-c", before + script],
        cwd=ROOT,
        env=os.environ | environment | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_broker_gets_the_files_that_it_reads_and_no_secrets(tmp_path: Path, programs: Path) -> None:
    root = tmp_path / "root"
    broker = root / "mosquitto" / "moxie"
    broker.mkdir(parents=True)
    add(programs, "python", f'exec "{sys.executable}" "$@"')
    environment = {"MQTT_HOST": "mqtt", "MOXIE_WORK_DIR": str(root / "work")}
    done = run_script("prepare.sh", root, programs, **environment)
    assert done.returncode == 0, done.stderr
    config = (broker / "mosquitto.conf").read_text()
    copied = {path.name for path in broker.iterdir()}
    named = {line.rsplit("/", 1)[1] for line in config.splitlines() if "/mosquitto/moxie/" in line}
    assert named and named < copied
    assert copied - named == {"mosquitto.conf", "start.sh", "health.sh"}
    made = {"mosquitto.conf", *named}
    assert not [name for name in made if stat.S_IMODE((broker / name).stat().st_mode) & 0o077]


@pytest.mark.parametrize(("size", "kept"), [(STORE_BYTES, True), (STORE_BYTES + 1, False)])
def test_start_sets_a_full_store_aside(
    tmp_path: Path, programs: Path, size: int, kept: bool
) -> None:
    store = tmp_path / "mosquitto" / "data" / "mosquitto.db"
    store.parent.mkdir(parents=True)
    with store.open("wb") as file:
        file.truncate(size)
    add(programs, "mosquitto", 'echo mosquitto "$@"')
    done = run_script("start.sh", tmp_path, programs)
    assert done.stdout == f"mosquitto -c {tmp_path}/mosquitto/moxie/mosquitto.conf\n"
    assert store.exists() is kept


@pytest.mark.parametrize(("code", "healthy"), [(0, True), (5, True), (27, False), (1, False)])
def test_broker_that_answers_is_healthy(
    tmp_path: Path, programs: Path, code: int, healthy: bool
) -> None:
    """Mosquitto's client ends with 5 where the broker wants an account."""
    add(programs, "mosquitto_sub", f"exit {code}")
    done = run_script("health.sh", tmp_path, programs, MQTT_PORT="1883")
    assert (done.returncode == 0) is healthy


def test_silent_broker_is_ended_at_the_fourth_check(tmp_path: Path, programs: Path) -> None:
    add(programs, "mosquitto_sub", "exit 27")
    killed = tmp_path / "killed"
    # `kill` is a part of the shell, and the real one would end everything here.
    stub = f'kill() {{ echo "$@" >>{killed}; }}\n'
    for count in range(1, 5):
        done = run_script("health.sh", tmp_path, programs, before=stub, MQTT_PORT="1883")
        assert done.returncode == 1
        assert killed.exists() is (count == 4)
    assert killed.read_text().splitlines() == ["-CONT 1", "-KILL -1"]


@pytest.mark.parametrize(
    ("hosts", "named"),
    [
        (["localhost", "127.0.0.1", "[::1]"], set()),
        (
            ["localhost", "192.168.1.20", "hive.local", "*", ".example"],
            {"192.168.1.20", "hive.local"},
        ),
    ],
)
def test_certificate_names_the_allowed_hosts(
    tmp_path: Path, settings: Any, hosts: list[str], named: set[str]
) -> None:
    call_command("broker_files", str(tmp_path))
    before = (tmp_path / "certificate.pem").read_bytes()
    settings.ALLOWED_HOSTS = hosts
    call_command("broker_files", str(tmp_path))
    after = (tmp_path / "certificate.pem").read_bytes()
    assert (before == after) == (not named)
    read = x509.load_pem_x509_certificate(after)
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    found = {str(name.value) for name in names}
    assert {"localhost", *named} <= found
    assert not {"*", ".example"} & found
    call_command("broker_files", str(tmp_path))
    assert (tmp_path / "certificate.pem").read_bytes() == after


def test_other_computers_need_an_account(tmp_path: Path) -> None:
    call_command("broker_files", str(tmp_path))
    listeners = (tmp_path / "mosquitto.conf").read_text().split("\nlistener ")
    (listener,) = (each for each in listeners if each.startswith("8884"))
    assert "allow_anonymous false" in listener
    assert "certfile " in listener and "password_file " in listener and "local.acl" in listener
