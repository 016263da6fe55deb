"""Restore a backup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from ttsmonitor.backup.restoring import restore_backup
from ttsmonitor.system.terminal_command import TerminalCommand


class Command(TerminalCommand):
    """The command restore."""

    help = "Restore a file that the command backup has made. Stop hive, speech and broker before."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file and --replace."""
        parser.add_argument("file", type=Path, help="the backup")
        parser.add_argument(
            "--replace", action="store_true", help="delete what this installation has now"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore the backup."""
        manifest = restore_backup(options["file"].expanduser(), replace=options["replace"])
        self.stdout.write(
            _("Restored: {count} sentences, as of {time}.").format(
                count=manifest.utterances, time=manifest.made_at
            )
        )
