"""The simulated robot that the hive runs as a child process, for a family without a Moxie."""

from __future__ import annotations

import functools
import logging
import os
import subprocess
import sys
import threading
import uuid
from pathlib import Path

from django.conf import settings

from hive.models import Robot
from ttsmirror.secret_file import kept_secret
from ttsmonitor.conf import conf
from ttsmonitor.system.orphans import SUPERVISOR

logger = logging.getLogger(__name__)

STOP_SECONDS = 5.0


def own_device_id() -> str:
    """Return the id of this installation's simulated robot, always the same.

    It is let in without asking, so nobody may guess it.
    """
    return f"d_{uuid.UUID(kept_secret(conf.work_dir / 'virtual_moxie.id', 16))}"


class SimulatedRobot:
    """A process with a simulated robot, which ends with this one. Any thread may call it."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """True while the process runs."""
        process = self._process
        return process is not None and process.poll() is None

    def start(self) -> None:
        """Let the robot in and start it, unless it is online already. Raises OSError."""
        with self._lock:
            device_id = own_device_id()
            if self.is_running or Robot.objects.online().filter(device_id=device_id).exists():
                return
            Robot.objects.let_in(device_id)
            self._process = subprocess.Popen(  # noqa: S603  the command is ours
                _command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # what the child and Moxie say belongs in no log
                start_new_session=True,  # so that Ctrl-C does not reach it before the hive
                env=os.environ | {SUPERVISOR: str(os.getpid())},
            )
            logger.info("simulated robot started (pid=%d)", self._process.pid)

    def stop(self) -> None:
        """Switch the robot off. Idempotent."""
        with self._lock:
            process, self._process = self._process, None
            if process is None:
                return
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            logger.info("simulated robot stopped (rc=%d)", process.returncode)


@functools.cache
def get_simulated_robot() -> SimulatedRobot:
    """Return the simulated robot of this process."""
    return SimulatedRobot()


def _command() -> list[str]:
    manage = Path(settings.PROJECT_ROOT) / "manage.py"
    address = ["--host", conf.MQTT_HOST, "--port", str(conf.broker_port)]
    tls = ["--tls"] if conf.MQTT_TLS else ["--no-tls"]
    return [sys.executable, str(manage), "virtual_moxie", *address, *tls]
