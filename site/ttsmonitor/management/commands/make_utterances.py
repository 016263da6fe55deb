"""Fill the history with generated utterances."""

from __future__ import annotations

import argparse
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmonitor.history.sample_data import utterances
from ttsmonitor.intake.bulk_insert import insert_new

BATCH = 5_000


class Command(BaseCommand):
    """Generate utterances."""

    help = "Fill the history with generated utterances, for measurements and for trying the pages."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("count", type=_positive, metavar="COUNT")
        parser.add_argument(
            "--days", type=_positive, default=90, help="spread over this many days until now (90)"
        )
        parser.add_argument(
            "--seed", type=int, default=1, help="another seed gives other utterances"
        )
        parser.add_argument("--add", action="store_true", help="add to a history that is not empty")

    def handle(self, *args: Any, **options: Any) -> None:
        """Insert the utterances in batches."""
        if Utterance.objects.exists() and not options["add"]:
            raise CommandError(
                "The history is not empty. Use --add to mix generated utterances into it."
            )
        count = options["count"]
        rows = utterances(count, options["days"], options["seed"], timezone.now())
        while batch := list(islice(rows, BATCH)):
            with transaction.atomic():
                insert_new(batch)
        self.stdout.write(f"{count} utterances made")


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("give a whole number from 1")
    return int(text)
