"""The speech service on an audio host: install.sh, and what it starts."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.tools import (
    ROOT,
    Process,
    free_port,
    running,
)

SERVICE = "services/moxie-tts-subscriber"
PASSWORD = re.compile(r"password  \S+")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Copy the project into its own directory, with everything installed."""
    project = tmp_path / "a project"
    shutil.copytree(ROOT / SERVICE, project / SERVICE)
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (project / "script").mkdir()
    (project / "script" / "setup").write_text("#!/bin/sh\n")
    for program in (".venv/bin/python", "script/setup"):
        (project / program).chmod(0o755)
    for name in ("manage.py", "site"):
        (project / name).symlink_to(ROOT / name)
    return project


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work $HOME here"  # characters that a shell would interpret


@pytest.fixture
def environment(tmp_path: Path, work: Path) -> dict[str, str]:
    """Make an environment with existing settings and a systemctl that only records its calls."""
    programs, configuration = tmp_path / "programs", tmp_path / "configuration"
    programs.mkdir()
    for name in ("systemctl", "systemd-run", "loginctl"):
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>"{tmp_path}/told"\n')
        program.chmod(0o755)
    configuration.mkdir()
    (configuration / "moxie-tts.env").write_text(
        f"# settings\nMOXIE_WORK_DIR={work}\nMQTT_PORT='{free_port()}'\n"
        f'HTTP_PORT="{free_port()}" \nTTS_ENGINE=espeak\nTTS_AUDIO=null\nNOTHING=$(exit 1)\n'
    )
    return {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "XDG_CONFIG_HOME": str(configuration),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
    }


def install(project: Path, environment: dict[str, str], *options: str) -> str:
    done = subprocess.run(
        [project / SERVICE / "install.sh", *options],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_installer_shows_the_account_once(
    project: Path, environment: dict[str, str], work: Path, tmp_path: Path
) -> None:
    first = install(project, environment)
    assert len(PASSWORD.findall(first)) == 1
    assert (work / "moxie.sqlite3").is_file(), "the settings were not read"
    port = re.search(r'HTTP_PORT="(\d+)"', (tmp_path / "configuration/moxie-tts.env").read_text())
    assert port and f"http://localhost:{port[1]}/" in first
    assert "script/server --without-speech" in first
    forgotten = re.search(r"^Forgotten it\? (.+) reset_password$", first, re.MULTILINE)
    assert forgotten
    token = subprocess.run(  # The printed command works from any directory, with the same settings.
        f"{forgotten[1]} create_api_token test",
        shell=True,
        cwd=tmp_path,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert token.returncode == 0, token.stderr
    with closing(sqlite3.connect(work / "moxie.sqlite3")) as database:
        assert database.execute("select count(*) from ttsmonitor_apitoken").fetchone() == (1,)
    assert not PASSWORD.search(install(project, environment))
    assert "systemctl --user restart moxie-tts.service" in told(tmp_path)
    unit = (tmp_path / "configuration/systemd/user/moxie-tts.service").read_text()
    assert f'"{project}/.venv/bin/python" "{project}/{SERVICE}/app.py"' in unit
    assert {"Type=notify", "WatchdogSec=60"} <= set(unit.splitlines())


def test_hive_gets_a_unit_and_both_are_uninstalled(
    project: Path, environment: dict[str, str], work: Path, tmp_path: Path
) -> None:
    units = tmp_path / "configuration/systemd/user"
    said = install(project, environment, "--hive")
    assert PASSWORD.search(said)
    assert "run_all --without-speech --no-account" in (units / "moxie-hive.service").read_text()
    assert (units / "moxie-hive.service.d/hardening.conf").is_file()
    tried = next(line for line in told(tmp_path) if line.startswith("systemd-run"))
    assert " -p PrivateUsers=yes " in tried and tried.endswith(" true")
    (tmp_path / "programs" / "systemd-run").write_text("#!/bin/sh\nexit 1\n")
    said = install(project, environment)
    assert "left out: hardening" in said
    assert not (units / "moxie-tts.service.d/hardening.conf").exists()
    assert "--without-speech" not in said, "the hive of this computer has no speech service"
    restarts = [line.split()[-1] for line in told(tmp_path) if " restart " in line]
    assert restarts == ["moxie-hive.service", "moxie-hive.service", "moxie-tts.service"]
    install(project, environment, "--uninstall")
    assert not list(units.iterdir())
    assert (work / "moxie.sqlite3").is_file()
    assert (tmp_path / "configuration/moxie-tts.env").is_file()


def told(tmp_path: Path) -> list[str]:
    return (tmp_path / "told").read_text().splitlines()


def test_service_log_contains_no_password(
    project: Path, environment: dict[str, str], work: Path
) -> None:
    command = [str(project / SERVICE / "install.sh"), "--run"]
    with running(command, environment) as process:
        process.wait_for_line("monitor ready", 60)
        assert (work / "moxie.sqlite3").is_file(), "the settings were not read"
        process.signal(signal.SIGTERM)
        assert process.wait() == 0, process.output
    assert "password" not in process.output
    account = Process(
        [sys.executable, str(ROOT / "manage.py"), "create_first_account", "--monitor"],
        environment | {"MOXIE_WORK_DIR": str(work)},
    )
    assert account.wait(60) == 0
    assert PASSWORD.search(account.output), "it had made an account"
    account.close()


def test_installer_without_systemd_prints_run_command(
    project: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "programs" / "systemctl").write_text("#!/bin/sh\nexit 1\n")
    said = install(project, environment)
    assert f"'{project}/{SERVICE}/install.sh' --run" in said
    assert PASSWORD.search(said)
