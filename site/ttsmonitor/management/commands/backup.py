"""Write a backup of this installation to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from ttsmonitor.backup.making import make_backup
from ttsmonitor.system.terminal_command import TerminalCommand


class Command(TerminalCommand):
    """The command backup."""

    help = (
        "Write history, accounts, settings, keys and certificates to a file, while everything runs."
        " Whoever has the file can read all of it."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file and --voices."""
        parser.add_argument("file", type=Path, help="as in moxie.zip; it must not exist yet")
        parser.add_argument(
            "--voices", action="store_true", help="with the installed voices: 60 MB each and more"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the backup."""
        path = options["file"].expanduser()
        manifest = make_backup(path, voices=options["voices"])
        self.stdout.write(
            _("{path}: {count} sentences, {size} MB").format(
                path=path, count=manifest.utterances, size=f"{path.stat().st_size / 1e6:.1f}"
            )
        )
