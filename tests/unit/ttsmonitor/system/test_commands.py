"""Command lines printed for people."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tools import ROOT
from ttsmonitor.system import commands
from ttsmonitor.system.commands import (
    MANAGE,
    is_in_container,
    manage_command,
    python_command,
    shell_path,
)


def in_shell(command: str, directory: Path) -> str:
    done = subprocess.run(
        command,
        shell=True,
        cwd=directory,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "openmoxie.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_command_in_the_project_folder_is_relative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "executable", str(ROOT / ".venv" / "bin" / "python"))
    assert manage_command("changepassword moxie") == (
        ".venv/bin/python manage.py changepassword moxie"
    )
    assert python_command("-m pip") == ".venv/bin/python -m pip"


def test_system_python_is_printed_as_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    assert manage_command("migrate") == "/usr/bin/python3 manage.py migrate"


@pytest.mark.parametrize("is_inside", [True, False])
def test_printed_command_runs_unchanged_in_a_shell(
    is_inside: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = ROOT if is_inside else tmp_path
    monkeypatch.chdir(folder)
    assert "manage.py say" in in_shell(manage_command("help say"), folder)


@pytest.mark.parametrize(
    ("program", "first_process", "begin"),
    [
        ("docker", "python\0manage.py\0run_hive\0", "docker exec -it {host} "),
        ("podman", "/sbin/init\0--\0python\0manage.py\0run_all\0", "podman exec -it {host} "),
        ("docker", "/bin/bash\0", ""),
        ("docker", None, ""),
    ],
)
def test_command_in_an_unnamed_container_is_typed_outside(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    program: str,
    first_process: str | None,
    begin: str,
) -> None:
    """In a container whose first process is a shell, commands are typed inside."""
    monkeypatch.delenv(MANAGE, raising=False)
    monkeypatch.chdir(ROOT)
    mark, cmdline = tmp_path / "mark", tmp_path / "cmdline"
    mark.touch()
    if first_process is not None:
        cmdline.write_text(first_process)
    monkeypatch.setattr(commands, "CONTAINER_MARKS", {program: mark})
    monkeypatch.setattr(commands, "FIRST_PROCESS", cmdline)
    expected = begin.format(host=socket.gethostname())
    assert manage_command("migrate").startswith(f"{expected}{python_command('manage.py')}")
    assert is_in_container() == bool(begin)


def test_environment_variable_sets_the_command_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MANAGE, "docker compose exec tts python manage.py")
    assert manage_command("migrate") == "docker compose exec tts python manage.py migrate"


def test_path_below_home_begins_with_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "a folder" / "it's"
    path.mkdir(parents=True)
    assert shell_path(path).startswith("~/")
    assert in_shell(f"cd {shell_path(path)} && pwd", Path("/")).strip() == str(path)
    assert shell_path(Path("/opt/a folder")) == "'/opt/a folder'"


def test_plugged_in_command_names_openmoxies_manage_py(tmp_path: Path) -> None:
    module = tmp_path / "site" / "ttsmonitor" / "system" / "commands.py"
    module.parent.mkdir(parents=True)
    shutil.copy(ROOT / "site" / "ttsmonitor" / "system" / "commands.py", module)
    (tmp_path / "site" / "manage.py").touch()
    program = f"import runpy; print(runpy.run_path({str(module)!r})['manage_command']('migrate'))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith(" site/manage.py migrate\n")
