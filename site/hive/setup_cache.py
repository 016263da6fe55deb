"""A copy in memory of what people set for conversations.

Messages of robots are handled from this copy, so that no answer waits for the database or depends
on it. Its owner refreshes it while the database is available.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from hive.conf import conf
from hive.models import ChatModule, Configuration, GlobalCommand
from ttsmirror.database import AWAY
from ttsmonitor.models import Household

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Setup:
    """The settings of conversations at one moment. The defaults are those of a new installation."""

    modules: tuple[ChatModule, ...] = ()
    """The enabled modules, in the order of their rows."""
    commands: tuple[GlobalCommand, ...] = ()
    """The enabled commands, in the order in which they are tried."""
    configuration: Configuration = field(default_factory=Configuration)
    time_zone: str = ""
    """The family's time zone; empty before it is read."""

    @property
    def common_config(self) -> dict[str, Any]:
        """The configuration of all robots, with the family's time zone unless it names one."""
        zone = {"timezone_id": self.time_zone or str(settings.TIME_ZONE)}
        common: dict[str, Any] = self.configuration.config
        return zone | common

    def modules_of(self, module_id: object) -> list[ChatModule]:
        """Return the modules that a robot calls by this id, whatever the content."""
        ids = {str(module_id)} | ({""} if module_id == conf.HIVE_CHAT_MODULE else set())
        return [module for module in self.modules if module.module_id in ids]

    def module_for(self, module_id: object, content_id: object) -> ChatModule | None:
        """Return the module for this content, else the first one of its id, else None."""
        found = self.modules_of(module_id)
        exact = (module for module in found if module.content_id == str(content_id))
        return next(exact, found[0] if found else None)


class SetupCache:
    """The latest setup that could be read. May be used from any thread."""

    def __init__(self) -> None:
        """Read nothing yet: the first access to `current` does."""
        self._setup: Setup | None = None

    @property
    def current(self) -> Setup:
        """The setup as last read. The first access reads it if refresh() was not called before."""
        if self._setup is None:
            try:
                self.refresh()
            except AWAY as exc:
                logger.error("the setup of conversations cannot be read: %s", exc)
        return self._setup or Setup()

    def refresh(self) -> None:
        """Read the database. Raises its errors; then the last setup stays."""
        self._setup = Setup(
            tuple(ChatModule.objects.enabled()),
            tuple(GlobalCommand.objects.enabled()),
            Configuration.load(),
            Household.zone(),
        )
