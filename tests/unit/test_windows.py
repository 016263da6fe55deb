"""What Windows lacks is not needed there. Tried on Linux, with those parts taken away."""

from __future__ import annotations

import ast
import errno
import os
import subprocess
import sys
from pathlib import Path, PureWindowsPath
from types import ModuleType, SimpleNamespace

import pytest

from hive.broker import run
from tests.support.tools import ROOT
from ttsmirror import secret_file
from ttsmonitor.system import commands, file_lock

POSIX_MODULES = "fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"
POSIX_NAMES = {
    "os": "fork forkpty getegid geteuid getgid getgroups getloadavg getpgid getsid getuid killpg"
    " lchown chown execv execvp mkfifo mknod nice openpty posix_spawn pread pwrite register_at_fork"
    " sched_getaffinity sched_setaffinity sendfile setgid setgroups setpgid setsid setuid statvfs"
    " sysconf tcgetpgrp uname wait wait3 wait4",
    "signal": "SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGUSR1 SIGUSR2 alarm"
    " pause pthread_sigmask setitimer sigwait",
    "socket": "AF_UNIX SO_REUSEPORT",
    "asyncio": "open_unix_connection start_unix_server",
}
GUARDED = {
    ("ttsmirror/publishing/mirror.py", "os.register_at_fork"),
    ("ttsmirror/secret_file.py", "os.geteuid"),
    ("ttsmonitor/synthesis/memory.py", "os.sysconf"),
    ("ttsmonitor/synthesis/piper/stages.py", "os.sched_getaffinity"),
    ("ttsmonitor/synthesis/worker.py", "os.nice"),
    ("ttsmonitor/system/signals.py", "signal.SIGHUP"),
    ("hive/broker/run.py", "os.execv"),
    ("hive/process/supervisor.py", "os.killpg"),
    ("hive/process/supervisor.py", "signal.SIGKILL"),
}
"""Uses that Windows does not reach."""
IMPORT_ALL = f"""
import builtins, importlib, os, pkgutil, sys
sys.path.insert(0, "site")
import django
POSIX, OURS = {POSIX_MODULES!r}, ("ttsmirror", "ttsmonitor", "hive", "openmoxie")
real = builtins.__import__
def without_posix(name, globals=None, *more, **named):
    importer = (globals or {{}}).get("__name__", "").partition(".")[0]
    if importer in OURS and name.partition(".")[0] in POSIX:
        raise ModuleNotFoundError(f"No module named {{name!r}}")
    return real(name, globals, *more, **named)
builtins.__import__ = without_posix
os.environ["DJANGO_SETTINGS_MODULE"] = "openmoxie.settings"
django.setup()
count = 0
for package in OURS:
    for module in pkgutil.walk_packages([f"site/{{package}}"], f"{{package}}."):
        if module.name.rpartition(".")[2] != "__main__":
            importlib.import_module(module.name)
            count += 1
print(count)
"""


def test_all_modules_import_without_posix_modules(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT_ALL],
        cwd=ROOT,
        env=os.environ | {"MOXIE_WORK_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 300


def test_names_that_windows_lacks_are_used_behind_conditions_only() -> None:
    used = set()
    for path in (ROOT / "site").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.attr in POSIX_NAMES.get(node.value.id, "").split():
                    file = path.relative_to(ROOT / "site").as_posix()
                    used.add((file, f"{node.value.id}.{node.attr}"))
    assert used == GUARDED


class Msvcrt(ModuleType):
    """The locks of Windows, which are of bytes."""

    LK_LOCK, LK_NBLCK = 1, 2

    def __init__(self) -> None:
        super().__init__("msvcrt")
        self.locked: set[tuple[int, int]] = set()

    def locking(self, descriptor: int, mode: int, count: int) -> None:
        place = (os.fstat(descriptor).st_ino, os.lseek(descriptor, 0, os.SEEK_CUR))
        if place in self.locked:
            raise PermissionError(errno.EACCES, "Permission denied")
        self.locked.add(place)


def test_windows_locks_a_byte_beyond_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    msvcrt = Msvcrt()
    monkeypatch.setattr(file_lock, "posix", None)
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    (tmp_path / "lock").write_text("1234")
    with open(tmp_path / "lock", "r+") as first, open(tmp_path / "lock", "r+") as second:
        file_lock.lock_file(first.fileno())
        with pytest.raises(BlockingIOError):
            file_lock.lock_file(second.fileno())
        assert second.read() == "1234", "the process that holds it is still told"
    assert all(place > 1_000_000 for _file, place in msvcrt.locked)


def test_private_files_need_no_user_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "geteuid")
    assert secret_file.own_user() == 0
    secret_file.make_private(tmp_path / "database")
    assert (tmp_path / "database").exists()


def test_windows_runs_the_development_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hive.broker.run.shutil.which", lambda *_args, **_more: "mosquitto")
    assert run.find_mosquitto()
    monkeypatch.setattr("hive.broker.run.os", SimpleNamespace(name="nt"))
    assert run.find_mosquitto() is None


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        (r"C:\Moxie\manage.py", r"C:\Moxie\manage.py"),
        (r"C:\Users\Ana Pérez\manage.py", r'"C:\Users\Ana Pérez\manage.py"'),
    ],
)
def test_commands_are_quoted_as_windows_shells_do(
    path: str, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsmonitor.system.commands.os", SimpleNamespace(name="nt"))
    assert commands.shell_path(PureWindowsPath(path)) == typed  # type: ignore[arg-type]


def test_powershell_script_installs_what_exists_and_runs_everything() -> None:
    script = (ROOT / "script" / "server.ps1").read_text()
    assert script.isascii(), "PowerShell 5 reads a file without a mark in the old code page"
    files = [word.strip('",') for word in script.split() if word.startswith('"requirements')]
    assert files and all((ROOT / "locks" / file).is_file() for file in files)
    for command in ("prepare --no-account", "run_all @args"):
        assert f"& $python manage.py {command}" in script
