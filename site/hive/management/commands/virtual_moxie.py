"""Run a simulated robot at the keyboard."""

from __future__ import annotations

import argparse
import re
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _

from hive.broker.certificates import authority_of
from hive.models import DEVICE_ID, Robot
from hive.mqtt.simulated_robot import own_device_id
from hive.mqtt.virtual_moxie import ROBOT_LOGIN
from hive.mqtt.virtual_moxie_console import Simulator, how_to_let_in
from ttsmirror.mqtt.account import broker_directory, current_login
from ttsmonitor.checks import SETTINGS
from ttsmonitor.conf import conf
from ttsmonitor.system.arguments import host, port
from ttsmonitor.system.ports import loopback_address
from ttsmonitor.system.signals import on_stop_signal
from ttsmonitor.system.terminal_command import TerminalCommand


def device_id(value: str) -> str:
    """Parse a robot's id."""
    if not re.fullmatch(DEVICE_ID, value):
        raise argparse.ArgumentTypeError(
            _("give an id such as d_1b4e28ba-2fa1-11d2-883f-0016d3cca427")
        )
    return value


def own_authority(broker_host: str) -> str:
    """Return the file that verifies the broker of this installation; empty for another broker."""
    authority = authority_of(broker_directory())
    return str(authority) if authority and loopback_address(broker_host) else ""


class Command(TerminalCommand):
    """The command virtual_moxie."""

    help = "Simulate a robot: it connects, obeys, prints what it says, and hears what you type."
    requires_system_checks = (SETTINGS,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the robot's id and the broker's address."""
        parser.add_argument(
            "--id",
            type=device_id,
            help="its device id (default: one that is made at the first use, and is let in)",
        )
        parser.add_argument(
            "--let-in",
            action="store_true",
            help="let the robot with the given --id in, as a click on the hive's dashboard does",
        )
        parser.add_argument(
            "--host", type=host, default=conf.MQTT_HOST, help="the broker (%(default)s)"
        )
        parser.add_argument("--port", type=port, help="its port (8883 with TLS, else 1883)")
        parser.add_argument(
            "--tls",
            action=argparse.BooleanOptionalAction,
            help="encrypt (default: on port 8883)",
        )
        parser.add_argument(
            "--verify",
            action=argparse.BooleanOptionalAction,
            default=True,
            help="verify the certificate of the broker that runs here, which robots do not",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Connect and obey the keyboard."""
        device_id = options["id"] or own_device_id()
        if options["let_in"] or not options["id"]:
            self._let_in(device_id)
        chosen = options["port"] or (conf.MQTT_SSL_PORT if options["tls"] else conf.MQTT_PORT)
        tls = chosen == conf.MQTT_SSL_PORT if options["tls"] is None else options["tls"]
        # Without TLS, our own broker lets only accounts reach the topics of robots.
        account = None if tls else current_login(options["host"])
        simulator = Simulator(
            self.say,
            device_id=device_id,
            host=options["host"],
            port=chosen,
            tls=tls,
            login=account if account and account.username else ROBOT_LOGIN,
            ca_certs=own_authority(options["host"]) if options["verify"] else "",
        )
        with on_stop_signal(simulator.stop):
            simulator.run()

    def _let_in(self, device_id: str) -> None:
        try:
            Robot.objects.let_in(device_id)
        except DatabaseError as exc:
            words = _("the database cannot be used ({error}): {hint}")
            self.say(words.format(error=exc, hint=how_to_let_in()))

    def say(self, line: str) -> None:
        """Print a line at once."""
        self.stdout.write(line)
        self.stdout.flush()
