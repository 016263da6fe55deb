"""A temporary PostgreSQL server, if its programs are installed."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg

from bench.machine import BenchError, Program, free_port

SUPERUSER = "moxie"
START_SECONDS = 30
STOP_SECONDS = 15


def find_programs() -> Path | None:
    """Return the directory of the newest server programs, or None."""
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(installed, key=lambda path: int(path.parent.parent.name), default=None)
    return None if newest is None else newest.parent


class Postgres:
    """A server that runs as an unprivileged user in a temporary directory."""

    def __init__(self, programs: Path, *, is_durable: bool = True) -> None:
        """Initialize a cluster and start the server.

        One that is not durable is quicker: it loses data only if the computer fails.
        """
        self._port = free_port()
        self._directory = tempfile.TemporaryDirectory(prefix="moxie-bench-postgres-")
        directory = Path(self._directory.name)
        prefix = _as_nobody_special(directory)
        data = directory / "data"
        make = [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            SUPERUSER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale",
            "C",
            "--no-sync",
        ]
        done = subprocess.run([*prefix, *make], capture_output=True, text=True, cwd=directory)
        if done.returncode:
            self._directory.cleanup()
            raise BenchError(f"initdb failed\n{done.stderr}")
        serve = [
            str(programs / "postgres"),
            "-D",
            str(data),
            "-p",
            str(self._port),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            f"unix_socket_directories={directory}",
            *([] if is_durable else ["-c", "fsync=off", "-c", "synchronous_commit=off"]),
        ]
        self.command = [*prefix, *serve]
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start the server, also after stop(), and wait until it answers."""
        self._program = Program(self.command, Path(self._directory.name) / "log", os.environ)
        self._program.wait_until(lambda: self.answers, "PostgreSQL", START_SECONDS)

    @property
    def is_running(self) -> bool:
        return self._program.is_running

    def stop(self) -> None:
        """Shut the server down at once: its clients lose their connections."""
        self._program.signal(signal.SIGINT)
        if not self._program.ends_within(STOP_SECONDS):
            raise BenchError(f"PostgreSQL did not stop\n{self._program.tail()}")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze the server within the block; connections stay and new ones are accepted."""
        processes = self._program.processes()
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # each client's backend process ends with it
                process.suspend()
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def new_database(self, name: str, template: str = "template1") -> str:
        """Create a database, empty or from `template`. Return its DATABASE_URL."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._url(name)

    def close(self) -> None:
        self._program.close()
        self._directory.cleanup()

    @property
    def answers(self) -> bool:
        try:
            psycopg.connect(self._url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _url(self, database: str) -> str:
        return f"postgres://{SUPERUSER}@127.0.0.1:{self._port}/{database}"


def _as_nobody_special(directory: Path) -> list[str]:
    """Return a command prefix for an unprivileged user who owns `directory`."""
    if os.geteuid() != 0:
        return []
    names = {each.pw_name for each in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(directory, user.pw_uid, user.pw_gid)
    return ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
