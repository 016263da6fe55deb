"""The command lines in messages and on pages."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

MANAGE = "MOXIE_MANAGE"
"""Environment variable that gives the beginning of manage_command(). The Docker images and the
audio host's installation set it: there a command is typed outside the container, or with the
settings of the service."""
SITE = Path(__file__).resolve().parents[2]
PROJECT = SITE.parent
INSTALLER = "install.sh"
"""The program in MANAGE on an audio host."""
CONTAINER_MARKS = {"docker": Path("/.dockerenv"), "podman": Path("/run/.containerenv")}
FIRST_PROCESS = Path("/proc/1/cmdline")


def manage_command(arguments: str) -> str:
    """Return the command line that runs a management command from where this process runs.

    Nothing is quoted in `arguments`.
    """
    begin = os.environ.get(MANAGE) or _enter_container() + python_command(_manage())
    return f"{begin} {arguments}"


def start_command(container: str) -> str:
    """Return the command line that starts a service, or starts it again.

    `container` is its name in docker-compose.yml: mqtt, web or tts.
    """
    begin = os.environ.get(MANAGE, "")
    if begin.startswith("docker compose"):
        return f"docker compose restart {container}"
    if begin.startswith("docker exec"):
        return f"docker restart {begin.split()[-3]}"
    if INSTALLER in begin and container == "tts":
        return "systemctl --user restart moxie-tts.service"
    return _from_here(PROJECT / "script" / "server")


def is_in_container() -> bool:
    """Return True if our program is the first one in a container."""
    return os.environ.get(MANAGE, "").startswith("docker ") or bool(_enter_container())


def python_command(arguments: str) -> str:
    """Return the command line that runs this process' Python with `arguments`."""
    return f"{_from_here(Path(sys.executable))} {arguments}"


def shell_path(path: Path) -> str:
    """Return `path` as it is typed in a shell in any directory, from the home directory if below.

    Pages show it to whoever may log in, who need not know the name of the account.
    """
    if os.name == "nt":
        return _quote(path)
    home = Path(os.path.expanduser("~"))
    if path.is_relative_to(home):
        return f"~/{shlex.quote(str(path.relative_to(home)))}"
    return _quote(path)


def _enter_container() -> str:
    """Return the beginning of a command that is typed outside of this container; empty elsewhere.

    A container whose first process is something else, such as a shell, is worked in from inside.
    """
    program = next((name for name, mark in CONTAINER_MARKS.items() if mark.exists()), "")
    try:
        is_ours = bool(program) and b"manage.py" in FIRST_PROCESS.read_bytes()
    except OSError:
        is_ours = False
    # A container's name is its host name unless it was given another one.
    return f"{program} exec -it {socket.gethostname()} " if is_ours else ""


def _manage() -> str:
    # An OpenMoxie has it in site/, this project beside it.
    inner = SITE / "manage.py"
    return _from_here(inner if inner.is_file() else PROJECT / "manage.py")


def _from_here(path: Path) -> str:
    """Return a relative path if this process runs in the project's folder, as the docs do."""
    if path.is_relative_to(PROJECT) and _is_working_directory(PROJECT):
        return _quote(path.relative_to(PROJECT))
    return shell_path(path)


def _quote(path: Path) -> str:
    """Return a path as the shells of this system take it."""
    return subprocess.list2cmdline([str(path)]) if os.name == "nt" else shlex.quote(str(path))


def _is_working_directory(folder: Path) -> bool:
    try:
        return Path.cwd() == folder
    except FileNotFoundError:  # it was deleted
        return False
