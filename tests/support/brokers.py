"""Every broker program that this machine has, run as run_broker runs it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hive.broker.run import find_mosquitto
from tests.support.tools import Process, answers, free_port, manage, running, wait_until

PROGRAMS = "MOXIE_TEST_MOSQUITTOS"
"""Environment variable with paths of further Mosquittos, separated by colons, such as those of
other versions: …/2.1.2/sbin/mosquitto, with its plugins below …/2.1.2/lib."""
DEVELOPMENT = "development"


@dataclass
class RunningBroker:
    """A broker that run_broker started."""

    kind: str
    port: int
    tls_port: int
    work: Path
    process: Process

    def password(self, name: str) -> str:
        """Return the password of an account that the broker made."""
        return (self.work / "broker" / "accounts" / "localhost" / name).read_text()


def broker_programs() -> dict[str, str]:
    """Return the brokers to test, as name and path; the development broker has none."""
    paths = [find_mosquitto(), *os.environ.get(PROGRAMS, "").split(":")]
    return {_version(path): path for path in paths if path} | {DEVELOPMENT: ""}


@contextmanager
def run_broker(program: str, work: Path, **settings: str) -> Iterator[RunningBroker]:
    """Run `manage.py run_broker` with this Mosquitto, or the development broker without one."""
    ports = free_port(), free_port()
    environment = {
        "MQTT_HOST": "localhost",
        "MQTT_PORT": str(ports[0]),
        "MQTT_SSL_PORT": str(ports[1]),
        "MOXIE_WORK_DIR": str(work),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
    } | settings
    if program:
        environment["PATH"] = os.pathsep.join((str(Path(program).parent), os.environ["PATH"]))
    command = manage("run_broker", *([] if program else ["--development"]))
    with running(command, environment) as process:
        wait_until(
            lambda: process.is_over or all(map(answers, ports)), "the broker", timeout_seconds=30
        )
        assert not process.is_over, process.output
        yield RunningBroker(program or DEVELOPMENT, *ports, work, process)


def _version(program: str) -> str:
    # Mosquitto exits with 3 after its usage.
    usage = subprocess.run([program, "-h"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"mosquitto version (\S+)", usage)
    return f"mosquitto-{found[1] if found else program}"
