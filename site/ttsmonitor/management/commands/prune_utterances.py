"""Forget what was said long ago."""

from __future__ import annotations

import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ttsmonitor.history.retention import count_old, prune
from ttsmonitor.system.arguments import age
from ttsmonitor.system.signals import on_stop_signal


class Command(BaseCommand):
    help = "Delete what was said and what could not be read before that; never what still waits."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than", type=age, required=True, metavar="AGE", help="as in 90d, 12h or 2w"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say how many it would be")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["older_than"].total_seconds() / 86_400
        if options["dry_run"]:
            self.stdout.write(f"{count_old(days)} would be deleted")
            return
        stopping = threading.Event()
        with on_stop_signal(stopping.set):
            self.stdout.write(f"{prune(days, stopping.wait)} deleted")
