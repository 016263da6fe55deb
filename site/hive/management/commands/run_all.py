"""Run broker, hive and speech service together."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser

from hive.process.plan import make_plan
from hive.process.supervisor import Supervisor
from ttsmonitor.checks import SETTINGS
from ttsmonitor.conf import conf
from ttsmonitor.system.lock import Service, only_one
from ttsmonitor.system.terminal_command import TerminalCommand


class Command(TerminalCommand):
    """The command run_all."""

    help = (
        "Run the hive and the speech service, and a broker where none answers at MQTT_HOST."
        " Ctrl-C stops all of it."
    )
    # Each process runs its own checks; loading every page for them here takes time.
    requires_system_checks = (SETTINGS,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --without-speech and --no-account."""
        parser.add_argument(
            "--without-speech",
            action="store_true",
            help="no speech service here: it runs on another computer, at the same broker",
        )
        parser.add_argument(
            "--no-account",
            action="store_true",
            help="make no account: where what is printed goes to a log, which no password may",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Plan and run."""
        with only_one(conf.work_dir, Service.ALL):
            plan = make_plan(speech=not options["without_speech"])
            code = Supervisor(plan, account=not options["no_account"]).run()
        sys.exit(code)
