"""Fill the history with made-up utterances."""

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
    help = "Fill the history with made-up utterances, to measure with and to look at."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=_positive, metavar="COUNT")
        parser.add_argument("--days", type=_positive, default=90, help="back from now (90)")
        parser.add_argument("--seed", type=int, default=1, help="another one, other utterances")
        parser.add_argument("--add", action="store_true", help="to a history that is not empty")

    def handle(self, *args: Any, **options: Any) -> None:
        if Utterance.objects.exists() and not options["add"]:
            raise CommandError(
                "There is a history already, which would be mixed up: say --add if it may."
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
