"""Make the certificate of a broker's TLS port if there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hive.broker.mosquitto_config import ensure_certificate


class Command(BaseCommand):
    """The command broker_certificate."""

    help = "Make a self-signed certificate for a broker's TLS port, where there is none yet."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the directory."""
        parser.add_argument("directory", type=Path, help="where certificate.pem and key.pem go")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the certificate."""
        try:
            certificate, key = ensure_certificate(options["directory"])
        except OSError as exc:
            raise CommandError(f"{options['directory']} cannot be used: {exc.strerror}.") from exc
        self.stdout.write(f"{certificate} and {key}")
