"""The configuration of robots, published to those that are connected."""

from __future__ import annotations

import logging
from collections.abc import Container
from typing import Any

from hive.events import push_robot
from hive.mqtt.robot_link import Publish
from hive.mqtt.robot_repository import RobotRepository
from hive.setup_cache import SetupCache

logger = logging.getLogger(__name__)


class ConfigPublisher:
    """Publishes a robot's configuration where it differs from the last one sent.

    Used by one thread; only last_sent() may be called from any.
    """

    def __init__(
        self,
        publish: Publish,
        connected: Container[str],
        robots: RobotRepository,
        setup: SetupCache,
    ) -> None:
        """Publish to robots in `connected` only."""
        self._publish = publish
        self._connected = connected
        self._robots = robots
        self._setup = setup
        self._sent: dict[str, dict[str, Any]] = {}
        self._unapproved: set[str] = set()

    def publish(self, device_id: str) -> None:
        """Publish the configuration of a robot unless it has it already.

        A robot that was not let in gets it once it is.
        """
        robot = self._robots.find(device_id)
        if robot is None or device_id not in self._connected:
            self.forget(device_id)
            return
        if not robot.is_approved:
            self._sent.pop(device_id, None)
            self._unapproved.add(device_id)
            return
        self._unapproved.discard(device_id)
        config = robot.effective_config(self._setup.current.common_config)
        if config == self._sent.get(device_id):
            return
        if self._publish(f"/devices/{device_id}/config", config, qos=1):
            is_change = device_id in self._sent
            self._sent[device_id] = config
            logger.info("robot %s got its configuration", device_id)
            if is_change:
                push_robot(robot)

    def publish_changed(self) -> None:
        """Publish to robots whose configuration has changed, or that were let in since."""
        for device_id in [*self._sent, *self._unapproved]:
            self.publish(device_id)

    def forget(self, device_id: str) -> None:
        """Have the next publish() send the configuration in any case."""
        self._sent.pop(device_id, None)
        self._unapproved.discard(device_id)

    @property
    def configured(self) -> list[str]:
        """The ids of the robots that have a configuration."""
        return list(self._sent)

    def last_sent(self, device_id: str) -> dict[str, Any]:
        """Return the configuration that a robot has; empty if none was sent."""
        return self._sent.get(device_id, {})
