"""The broker that this machine runs: Mosquitto, or the development broker."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from pathlib import Path
from typing import Protocol

from hive.broker.access import Account, make_access
from hive.broker.embedded import EmbeddedBroker
from hive.broker.limits import STORE_BYTES
from hive.broker.mosquitto_config import write_config
from ttsmirror.exceptions import BrokerError
from ttsmirror.mqtt.account import broker_directory
from ttsmonitor.conf import conf
from ttsmonitor.system.ports import ListenError, ensure_port_free, loopback_address

logger = logging.getLogger(__name__)

# Debian and Homebrew install it where not every PATH leads.
PROGRAM_DIRECTORIES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")


class Broker(Protocol):
    """A broker that this process runs."""

    kind: str

    def run(self) -> None:
        """Serve until stop() or a stop signal."""

    def stop(self) -> None:
        """End run(), from any thread, any number of times."""


class MosquittoBroker:
    """Mosquitto, which replaces this process.

    So signals, log and exit code need not be passed on, and neither process outlives the other.
    """

    kind = "mosquitto"

    def __init__(self, program: str, config: Path) -> None:
        self._command = [program, "-c", str(config)]

    def run(self) -> None:
        """Replace this process; return only by an OSError."""
        sys.stdout.flush()
        os.execv(self._command[0], self._command)  # noqa: S606  the command is ours

    def stop(self) -> None:
        """Do nothing: a running Mosquitto has replaced this process."""


def find_mosquitto() -> str | None:
    """Return the path of the mosquitto program, or None.

    Windows runs the development broker: no program can replace a process there.
    """
    if os.name == "nt":
        return None
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *PROGRAM_DIRECTORIES))
    return shutil.which("mosquitto", path=path)


def set_aside_full_store(directory: Path) -> None:
    """Rename Mosquitto's file if clients have filled it, so that Mosquitto can start.

    Nothing of ours is lost: whoever publishes sentences or states does so again.
    """
    store = directory / "mosquitto.db"
    if store.is_file() and store.stat().st_size > STORE_BYTES:
        store.replace(directory / "mosquitto.db.full")
        logger.warning(
            "%s had more than %d MiB, which only a client that floods the broker explains:"
            " renamed to mosquitto.db.full, the broker starts without it",
            store,
            STORE_BYTES // 1024**2,
        )


def make_broker(program: str | None) -> Broker:
    """Return Mosquitto if `program` is its path, else the development broker.

    Raises BrokerError if the settings name another machine or a port is taken.
    """
    host = loopback_address(conf.MQTT_HOST)
    if host is None:
        raise BrokerError(
            f"MQTT_HOST={conf.MQTT_HOST} is another machine: run the broker there, or unset it."
        )
    if conf.MQTT_PORT == conf.MQTT_SSL_PORT:
        raise BrokerError(
            f"MQTT_PORT and MQTT_SSL_PORT are both {conf.MQTT_PORT}: the broker needs two ports."
        )
    try:
        ensure_port_free(host, conf.MQTT_PORT, "MQTT_PORT")
        ensure_port_free(host, conf.MQTT_SSL_PORT, "MQTT_SSL_PORT")
    except ListenError as exc:
        raise BrokerError(str(exc)) from exc
    directory = broker_directory()
    account = Account(conf.MQTT_USERNAME, conf.MQTT_PASSWORD)
    anonymous = conf.MQTT_ANONYMOUS
    if program:
        set_aside_full_store(directory)
        config = write_config(
            directory,
            host=host,
            port=conf.MQTT_PORT,
            tls_port=conf.MQTT_SSL_PORT,
            account=account,
            anonymous=anonymous,
            name=conf.MQTT_HOST,
            program=program,
        )
        return MosquittoBroker(program, config)
    return EmbeddedBroker(
        directory,
        host=host,
        port=conf.MQTT_PORT,
        tls_port=conf.MQTT_SSL_PORT,
        access=make_access(directory, conf.MQTT_HOST, account=account, anonymous=anonymous),
    )
