"""Run an MQTT broker: Mosquitto, or the development broker if it is not installed."""

from __future__ import annotations

import logging
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from hive.broker.run import find_mosquitto, make_broker
from ttsmirror.exceptions import MoxieTTSError
from ttsmonitor.checks import SETTINGS
from ttsmonitor.conf import conf
from ttsmonitor.system.lock import Service, only_one
from ttsmonitor.system.private_files import tighten_installation
from ttsmonitor.system.signals import on_stop_signal
from ttsmonitor.system.terminal_command import command_error

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """The command run_broker."""

    help = (
        "Run an MQTT broker on this machine: Mosquitto where it is installed, else a development"
        " broker on loopback only. Ctrl-C stops it."
    )

    # The other checks load every page, which takes a second.
    requires_system_checks = (SETTINGS,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --development."""
        parser.add_argument(
            "--development",
            action="store_true",
            help="the development broker, even where Mosquitto is installed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Lock the work directory and run the broker."""
        try:
            with only_one(conf.work_dir, Service.BROKER) as lock:
                tighten_installation()
                # Mosquitto replaces this process and has to keep the lock.
                os.set_inheritable(lock, True)
                self._run(None if options["development"] else find_mosquitto())
        except MoxieTTSError as exc:
            raise command_error(exc) from exc

    def _run(self, program: str | None) -> None:
        broker = make_broker(program)
        logger.info(
            "broker (%s) on port %d, with TLS on port %d",
            broker.kind,
            conf.MQTT_PORT,
            conf.MQTT_SSL_PORT,
        )
        with on_stop_signal(broker.stop):
            broker.run()
