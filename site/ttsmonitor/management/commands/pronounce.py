"""Show how a text is said."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ttsmirror.reasons import reason_of
from ttsmirror.text import clean
from ttsmonitor.checks import SETTINGS
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.speaking.pronounce import Pronounced, pronounce
from ttsmonitor.system.arguments import utf8

STANDARD_INPUT = "-"


class Command(BaseCommand):
    """Print the words that an engine gets for a text, their phonemes, language and voice."""

    help = "Show how a text is said: its words, phonemes, language and voice."
    requires_system_checks = (SETTINGS,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "text", type=utf8, help="the text, in quotes; - reads one per line from the input"
        )
        parser.add_argument("--lang", type=utf8, default="", help="its language, as in es or en-GB")
        parser.add_argument(
            "--voice", type=utf8, default="", help="a Piper voice, as in es_MX-claude-high"
        )
        parser.add_argument(
            "--json",
            action="store_true",
            help="print a JSON object per text; each line of the input is a JSON string then",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how the texts are said."""
        is_json = options["json"]
        texts = [options["text"]]
        if options["text"] == STANDARD_INPUT:
            texts = _read_texts(is_json=is_json)
        try:
            for each in pronounce(texts, options["lang"], options["voice"]):
                self.stdout.write(json.dumps(asdict(each)) if is_json else _in_lines(each))
        except SynthesisError as exc:
            raise CommandError(reason_of(exc)) from exc


def _read_texts(*, is_json: bool) -> list[str]:
    """Return the texts of the standard input. Raises CommandError."""
    texts = []
    for line in filter(str.strip, sys.stdin):
        try:
            text = json.loads(line) if is_json else line.rstrip("\n")
        except ValueError:
            text = None
        if not isinstance(text, str):
            raise CommandError(f"not a JSON string: {line.strip()[:60]}")
        texts.append(clean(text))
    return texts


def _in_lines(each: Pronounced) -> str:
    return (
        f"spoken:   {each.spoken}\nphonemes: {each.phonemes}\n"
        f"language: {each.lang}\nvoice:    {each.voice}"
    )
