"""List the robots, and let them in or send them away."""

from __future__ import annotations

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from hive.models import DEVICE_ID, Approval, Configuration, Robot
from hive.mqtt.admission import OPEN_SECONDS
from ttsmonitor.checks import SETTINGS
from ttsmonitor.system.commands import manage_command

ACTIONS = ("list", "let-in", "revoke", "forget", "allow-new")


class Command(BaseCommand):
    """The command robots."""

    help = (
        "List the robots and whether they were let in; let one in, revoke its access, or forget one"
        f" that was not let in. allow-new lets robots in that are new within {OPEN_SECONDS} s."
    )
    requires_system_checks = (SETTINGS,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the action and the robot."""
        parser.add_argument("action", choices=ACTIONS, nargs="?", default="list")
        parser.add_argument("id", nargs="?", help="the robot's device id")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; a running hive notices within two seconds."""
        try:
            self._act(options["action"], options["id"])
        except DatabaseError as exc:
            raise CommandError(
                f"The database is not ready ({exc}). Run: {manage_command('prepare')}"
            ) from exc

    def _act(self, action: str, device_id: str | None) -> None:
        if action == "allow-new":
            Configuration.open_to_new_robots(OPEN_SECONDS)
            self.stdout.write(f"Robots that are new within {OPEN_SECONDS} seconds are let in.")
        elif action == "list":
            for robot in Robot.objects.all():
                state = "online" if robot.online else "offline"
                self.stdout.write(f"{robot.device_id}  {robot.approval}  {state}  {robot}")
        elif device_id is None:
            raise CommandError(f"Which robot? See: {manage_command('robots')}")
        else:
            self._decide(action, device_id)

    def _decide(self, action: str, device_id: str) -> None:
        robot = Robot.objects.filter(device_id=device_id).first()
        if action == "let-in" and re.fullmatch(DEVICE_ID, device_id):
            Robot.objects.let_in(device_id)  # even one that has not connected yet
        elif robot is None:
            raise CommandError(f"There is no robot {device_id}. See: {manage_command('robots')}")
        elif action == "revoke":
            robot.approval = Approval.REFUSED
            robot.save(update_fields=["approval"])
        elif robot.is_approved:
            raise CommandError(f"{device_id} was let in: revoke its access first.")
        else:
            robot.delete()
        self.stdout.write("Done.")
