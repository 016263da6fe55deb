"""The base of the commands that people type: they answer in the language of the terminal."""

from __future__ import annotations

import os
import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from ttsmirror.exceptions import MoxieTTSError
from ttsmirror.reasons import reason_of
from ttsmirror.translations import translate


def terminal_language() -> str:
    """Return the language of LC_ALL, LC_MESSAGES or LANG: Spanish, or English for any other."""
    names = map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next(filter(None, names), "")
    return "es" if re.match(r"es\b|es_", locale) else "en"


def in_terminal_language() -> translation.override:
    """Return a context in which sentences are translated into the terminal's language."""
    return translation.override(terminal_language())


def command_error(exc: MoxieTTSError) -> CommandError:
    """Return the error of a command with the reason of `exc`, in the language of the terminal."""
    with in_terminal_language():
        return CommandError(translate(reason_of(exc)))


class TerminalCommand(BaseCommand):
    """A command whose output and errors are in the language of LC_ALL, LC_MESSAGES or LANG."""

    def run_from_argv(self, argv: list[str]) -> None:
        """Parse the arguments and run, as typed in a terminal."""
        with in_terminal_language():
            super().run_from_argv(argv)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run. Raises CommandError with the reason if this project cannot do it."""
        with in_terminal_language():
            try:
                return super().execute(*args, **options)
            except MoxieTTSError as exc:
                raise command_error(exc) from exc
