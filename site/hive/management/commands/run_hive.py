"""Run the hive: the robot link, the mirror and the pages."""

from __future__ import annotations

import logging
from typing import Any

from django.core.management.base import BaseCommand

from ttsmirror.exceptions import MoxieTTSError
from ttsmirror.mqtt.account import HIVE, log_in_as
from ttsmonitor.conf import conf
from ttsmonitor.system.lock import Service, only_one
from ttsmonitor.system.private_files import tighten_installation
from ttsmonitor.system.terminal_command import command_error

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """The command run_hive."""

    help = "Serve robots and the hive's pages: dashboard, Puppet Mode, admin."

    def handle(self, *args: Any, **options: Any) -> None:
        """Lock the work directory and serve."""
        from hive.process.server import HiveServer  # imported late: it loads the web server

        log_in_as(HIVE)
        try:
            # Locked before anything else, because the start marks every robot offline.
            with only_one(conf.work_dir, Service.HIVE):
                tighten_installation()
                HiveServer(on_ready=self.say_ready).run()
        except MoxieTTSError as exc:
            raise command_error(exc) from exc

    def say_ready(self, url: str) -> None:
        """Log the address of the pages."""
        logger.info("hive ready at %s", url)
