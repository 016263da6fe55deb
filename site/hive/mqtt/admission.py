"""Decide which robots are let in: by a person, or by HIVE_ALLOW_NEW_ROBOTS."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import Any

from django.utils import timezone

from hive.conf import conf
from hive.models import Approval, Configuration
from hive.mqtt.robot_repository import RobotRepository
from hive.setup_cache import SetupCache
from ttsmirror.database import AWAY
from ttsmirror.wire.fields import format_maybe

logger = logging.getLogger(__name__)

ASK, MINUTE, ALWAYS = ALLOWED = ("ask", "minute", "always")
"""The values of HIVE_ALLOW_NEW_ROBOTS."""
OPEN_SECONDS = 60
"""Seconds for which new robots are let in after the button, the command or the start."""
MOST_WAITING = 20
"""Robots that may wait for approval; further ones are turned away."""
MOST_WITHOUT_ASKING = 100
"""Robots up to which new ones are let in without asking, so that a flood of ids ends."""
REMEMBERED = 1_000
"""Ids of robots turned away that are remembered, so that each is counted once."""
LOG_EVERY = 100


class Admission:
    """Decides which robots are let in and which may wait.

    may_enter() is called by one thread, the other methods by any.
    """

    def __init__(self, robots: RobotRepository, setup: SetupCache) -> None:
        """Ask `robots` for a person's decision, and `setup` for an open minute."""
        self._robots = robots
        self._setup = setup
        self._turned_away: OrderedDict[str, None] = OrderedDict()
        self.turned_away_count = 0

    def start(self) -> None:
        """Begin the minute of HIVE_ALLOW_NEW_ROBOTS=minute. It waits for the database."""
        if conf.HIVE_ALLOW_NEW_ROBOTS == MINUTE:
            try:
                Configuration.open_to_new_robots(OPEN_SECONDS)
            except AWAY as exc:
                logger.error("new robots have to wait for approval, no database: %s", exc)

    def is_approved(self, device_id: str) -> bool:
        """Return True for a robot that was let in."""
        return self._robots.approval(device_id) == Approval.APPROVED

    def may_enter(self, device_id: str) -> bool:
        """Return True if a robot that connects is known, let in or may wait; else count it."""
        if (
            self._robots.approval(device_id)
            or self.lets_in(device_id)
            or self._robots.count(Approval.WAITING) < MOST_WAITING
        ):
            return True
        self._turn_away(device_id)
        return False

    def lets_in(self, device_id: str) -> bool:
        """Return True if a robot that connects is let in without asking.

        A minute is for robots that are new within it. What a person has refused stays refused.
        """
        if self._robots.count(Approval.APPROVED) >= MOST_WITHOUT_ASKING:
            return False
        approval = self._robots.approval(device_id)
        if approval == Approval.WAITING:
            return bool(conf.HIVE_ALLOW_NEW_ROBOTS == ALWAYS)
        return not approval and self._mode() != ASK

    def describe(self) -> dict[str, Any]:
        """Return the state as pages, API and events show it."""
        mode, until = self._mode(), self._setup.current.configuration.new_robots_until
        return {
            "mode": mode,
            "open_until": format_maybe(until) if mode == MINUTE else None,
            "waiting": self._robots.count(Approval.WAITING),
            "most_waiting": MOST_WAITING,
            "turned_away": self.turned_away_count,
        }

    def _mode(self) -> str:
        if conf.HIVE_ALLOW_NEW_ROBOTS == ALWAYS:
            return ALWAYS
        until = self._setup.current.configuration.new_robots_until
        return MINUTE if until is not None and timezone.now() < until else ASK

    def _turn_away(self, device_id: str) -> None:
        if device_id in self._turned_away:
            self._turned_away.move_to_end(device_id)
            return
        self._turned_away[device_id] = None
        if len(self._turned_away) > REMEMBERED:
            self._turned_away.popitem(last=False)
        self.turned_away_count += 1
        if self.turned_away_count == 1 or self.turned_away_count % LOG_EVERY == 0:
            logger.warning(
                "%d robots wait for approval already: turned robot %s away, number %d so far",
                MOST_WAITING,
                device_id,
                self.turned_away_count,
            )
