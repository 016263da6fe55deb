"""Delete old utterances and quarantined messages."""

from __future__ import annotations

import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ttsmonitor.history.retention import count_prunable, prune
from ttsmonitor.system.arguments import age
from ttsmonitor.system.signals import on_stop_signal


class Command(BaseCommand):
    """Delete rows that are older than an age."""

    help = "Delete finished utterances and quarantined messages that are older than an age."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--older-than", type=age, required=True, metavar="AGE", help="as in 90d, 12h or 2w"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only print the number that would be deleted"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete in batches until none is left or a signal arrives."""
        days = options["older_than"].total_seconds() / 86_400
        if options["dry_run"]:
            self.stdout.write(f"{count_prunable(days)} would be deleted")
            return
        stopping = threading.Event()
        with on_stop_signal(stopping.set):
            self.stdout.write(f"{prune(days, stopping.wait)} deleted")
