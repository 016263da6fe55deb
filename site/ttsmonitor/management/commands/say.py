"""Publish a sentence as the robot's server would."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ttsmirror.exceptions import MoxieTTSError
from ttsmirror.wire.messages import UTTERANCE_CHARACTERS
from ttsmonitor.checks import SETTINGS
from ttsmonitor.service.say import say
from ttsmonitor.system.arguments import utf8
from ttsmonitor.system.terminal import printable


def words(text: str) -> str:
    """Check that a text fits an utterance."""
    if not text.strip():
        raise argparse.ArgumentTypeError("there is nothing to say")
    if len(text) > UTTERANCE_CHARACTERS:
        raise argparse.ArgumentTypeError(f"at most {UTTERANCE_CHARACTERS} characters")
    return utf8(text)


class Command(BaseCommand):
    """Publish a sentence and report its outcome."""

    help = "Publish a sentence to be spoken aloud."
    requires_system_checks = (SETTINGS,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("text", type=words, help="what to say, in quotes")
        parser.add_argument(
            "--voice", type=utf8, default="", help="a Piper voice, as in es_MX-claude-high"
        )
        parser.add_argument("--lang", type=utf8, default="", help="its language, as in es or en-GB")
        parser.add_argument(
            "--source", type=utf8, default="system", help="where it comes from in the history"
        )
        parser.add_argument("--device", type=utf8, default="", help="the robot it belongs to")
        parser.add_argument("--high", action="store_true", help="before everything that waits")
        parser.add_argument("--wait", action="store_true", help="until it has been spoken")

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish and wait."""
        try:
            outcome = say(
                options["text"],
                voice=options["voice"],
                lang=options["lang"],
                source=options["source"],
                device_id=options["device"],
                priority="high" if options["high"] else "normal",
                until_spoken=options["wait"],
            )
        except MoxieTTSError as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(printable(outcome))
