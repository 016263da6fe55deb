"""List the robots, and let them in or send them away."""

from __future__ import annotations

import re
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _

from hive.models import DEVICE_ID, Approval, Configuration, Robot
from hive.mqtt.admission import OPEN_SECONDS
from ttsmonitor.checks import SETTINGS
from ttsmonitor.system.commands import manage_command
from ttsmonitor.system.terminal_command import TerminalCommand

ACTIONS = ("list", "let-in", "revoke", "forget", "allow-new")


class Command(TerminalCommand):
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
            words = _("The database is not ready ({error}). Run: {command}")
            command = manage_command("prepare")
            raise CommandError(words.format(error=exc, command=command)) from exc

    def _act(self, action: str, device_id: str | None) -> None:
        if action == "allow-new":
            Configuration.open_to_new_robots(OPEN_SECONDS)
            words = _("For {seconds} seconds, new robots are let in without asking.")
            self.stdout.write(words.format(seconds=OPEN_SECONDS))
        elif action == "list":
            for robot in Robot.objects.all():
                state = _("online") if robot.online else _("offline")
                approval = robot.get_approval_display()
                self.stdout.write(f"{robot.device_id}  {approval}  {state}  {robot}")
        elif device_id is None:
            raise CommandError(
                _("Which robot? See: {command}").format(command=manage_command("robots"))
            )
        else:
            self._decide(action, device_id)

    def _decide(self, action: str, device_id: str) -> None:
        robot = Robot.objects.filter(device_id=device_id).first()
        if action == "let-in" and re.fullmatch(DEVICE_ID, device_id):
            Robot.objects.let_in(device_id)  # even one that has not connected yet
        elif robot is None:
            words = _("There is no robot {id}. See: {command}")
            raise CommandError(words.format(id=device_id, command=manage_command("robots")))
        elif action == "revoke":
            robot.approval = Approval.REFUSED
            robot.save(update_fields=["approval"])
        elif robot.is_approved:
            raise CommandError(_("This robot was let in: revoke its access first."))
        else:
            robot.delete()
        self.stdout.write(_("Done."))
