"""Write the files of the Mosquitto that docker-compose.yml runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hive.broker.access import Account, make_access
from hive.broker.certificates import ensure_names
from hive.broker.mosquitto_config import Place, write_files
from ttsmirror.exceptions import MoxieTTSError
from ttsmonitor.conf import conf

FILES, DATA = Path("/mosquitto/moxie"), Path("/mosquitto/data")
ACCOUNT_PORT = 8884
LOCALHOST = {"localhost", "127.0.0.1", "::1"}


class Command(BaseCommand):
    """The command broker_files."""

    help = "Write configuration, accounts and certificate of the broker that Docker runs."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the directory."""
        parser.add_argument("directory", type=Path, help="where the files go")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files."""
        directory = options["directory"]
        try:
            access = make_access(
                directory,
                conf.MQTT_HOST,
                account=Account(conf.MQTT_USERNAME, conf.MQTT_PASSWORD),
                anonymous=conf.MQTT_ANONYMOUS,
            )
            ensure_names(directory, names_in_network())
            place = Place(
                FILES, DATA, "", conf.MQTT_PORT, conf.MQTT_SSL_PORT, account_port=ACCOUNT_PORT
            )
            config = write_files(directory, place, access)
        except MoxieTTSError as exc:
            raise CommandError(str(exc)) from exc
        except OSError as exc:
            raise CommandError(f"{directory} cannot be used: {exc.strerror}.") from exc
        self.stdout.write(f"{config}")


def names_in_network() -> list[str]:
    """Return the names and addresses under which other computers reach this one."""
    hosts = [host.strip("[]") for host in settings.ALLOWED_HOSTS]
    return [host for host in hosts if host not in LOCALHOST and host.strip(".*") == host]
