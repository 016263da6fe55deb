"""Publish a sentence as the robot's server would."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from ttsmirror.translations import translate
from ttsmirror.wire.messages import UTTERANCE_CHARACTERS
from ttsmonitor.checks import SETTINGS
from ttsmonitor.service.say import say
from ttsmonitor.system.arguments import utf8
from ttsmonitor.system.terminal import printable
from ttsmonitor.system.terminal_command import TerminalCommand


def words(text: str) -> str:
    """Check that a text fits an utterance."""
    if not text.strip():
        raise argparse.ArgumentTypeError(_("There is nothing to say yet."))
    if len(text) > UTTERANCE_CHARACTERS:
        limit = _("That is too long: {limit} characters at most.")
        raise argparse.ArgumentTypeError(limit.format(limit=UTTERANCE_CHARACTERS))
    return utf8(text)


class Command(TerminalCommand):
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
        outcome = say(
            options["text"],
            voice=options["voice"],
            lang=options["lang"],
            source=options["source"],
            device_id=options["device"],
            priority="high" if options["high"] else "normal",
            until_spoken=options["wait"],
        )
        self.stdout.write(printable(translate(outcome)))
