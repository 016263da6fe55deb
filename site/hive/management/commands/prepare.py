"""Prepare a start: migrate, collect static files, create the first account."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import CommandParser
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from ttsmonitor.conf import conf
from ttsmonitor.history import index
from ttsmonitor.system.lock import Service, ensure_not_running
from ttsmonitor.system.private_files import tighten_installation
from ttsmonitor.system.terminal_command import TerminalCommand


class Command(TerminalCommand):
    """The command prepare."""

    help = "Bring database and static files up to date and make the first account; quick when done."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --monitor and --no-account."""
        parser.add_argument(
            "--monitor",
            action="store_true",
            help="the account's link leads to the monitor: for a machine without the hive",
        )
        parser.add_argument(
            "--no-account",
            action="store_true",
            help="make no account: where what is printed goes to a log, which no password may",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the steps that are not done yet."""
        tighten_installation()
        if unapplied_migrations():
            # The speech service may run: in Docker it is replaced after the hive.
            ensure_not_running(conf.work_dir, Service.HIVE)
            call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)
            self.stdout.write(_("The database is up to date."))
        index.install(DEFAULT_DB_ALIAS)  # it may have been cut short after the last migration
        if collect_static():
            self.stdout.write(_("The pages' static files are up to date."))
        if not options["no_account"]:
            call_command(
                "create_first_account",
                monitor=options["monitor"],
                verbosity=0,
                stdout=self.stdout,
            )


def unapplied_migrations() -> bool:
    """Return True if the database lacks a migration."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def collect_static() -> bool:
    """Collect the static files if they have changed; return True if they had."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    state = static_state()
    if stamp.exists() and stamp.read_text() == state:
        return False
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(state)
    return True


def static_state() -> str:
    """Return a digest of the static files' names, sizes and times."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    return digest.hexdigest()
