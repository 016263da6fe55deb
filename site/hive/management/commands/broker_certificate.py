"""Make the certificate of a broker's TLS port, or a new one in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hive.broker.certificates import (
    ensure_certificate,
    ensure_names,
    let_group_read,
    renew_certificate,
)
from ttsmirror.mqtt.account import broker_directory


class Command(BaseCommand):
    """The command broker_certificate."""

    help = (
        "Make a certificate for a broker's TLS port, signed by an authority of our own, where there"
        " is none yet or it lacks a name or address of this computer. --renew makes a new one in"
        " any case. Restart the broker then."
    )
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the directory, what the certificate is for, and its readers."""
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
            help="another name or address of this computer; may be repeated",
        )
        parser.add_argument(
            "--group",
            help="let this group read the files, as in --group mosquitto: needs root",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the certificate."""
        directory, names = options["directory"], options["name"]
        try:
            certificate, key = ensure_certificate(directory)
            if options["renew"]:
                renew_certificate(directory, names)
            else:
                ensure_names(directory, names)
            if options["group"]:
                let_group_read(directory, options["group"])
        except LookupError as exc:
            raise CommandError(f"--group {options['group']}: there is no such group.") from exc
        except OSError as exc:
            raise CommandError(f"{directory} cannot be used: {exc.strerror}.") from exc
        except ValueError as exc:
            raise CommandError(f"--name {', '.join(names)}: {exc}") from exc
        self.stdout.write(f"{certificate} and {key}")
