"""Make the certificate of a broker's TLS port, or a new one in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hive.broker.certificates import ensure_certificate, renew_certificate
from ttsmirror.mqtt.account import broker_directory


class Command(BaseCommand):
    """The command broker_certificate."""

    help = (
        "Make a certificate for a broker's TLS port, signed by an authority of our own, where there"
        " is none yet. --renew makes a new one in any case; restart the broker then."
    )
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the directory and what the certificate is for."""
        parser.add_argument(
            "directory",
            type=Path,
            nargs="?",
            default=broker_directory(),
            help="where certificate.pem and key.pem go (%(default)s)",
        )
        parser.add_argument("--renew", action="store_true", help="replace the certificate")
        parser.add_argument(
            "--name",
            action="append",
            default=[],
            help="with --renew: another name or address of this computer; may be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the certificate."""
        directory = options["directory"]
        try:
            if options["renew"]:
                certificate, key = renew_certificate(directory, options["name"])
            else:
                certificate, key = ensure_certificate(directory)
        except OSError as exc:
            raise CommandError(f"{directory} cannot be used: {exc.strerror}.") from exc
        except ValueError as exc:
            raise CommandError(f"--name {', '.join(options['name'])}: {exc}") from exc
        self.stdout.write(f"{certificate} and {key}")
