"""The doctor's checks of the hive."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_noop

from hive.conf import conf
from ttsmirror.reasons import Reason
from ttsmonitor.doctor.base import Check, Finding, ok, skipped, warning
from ttsmonitor.doctor.computer_checks import pages_check
from ttsmonitor.doctor.registry import register
from ttsmonitor.doctor.situation import Situation
from ttsmonitor.speaking.streaming import STREAMING_COMPONENT
from ttsmonitor.system.commands import manage_command
from ttsmonitor.system.lock import Service


def look_at_robots(situation: Situation) -> Iterator[Finding]:
    """Look for robots that wait to be let in."""
    pongs = situation.visit.pongs(STREAMING_COMPONENT)
    if not pongs:
        yield skipped(Reason("no hive answers"))
        return
    checks = pongs[0].get("checks")
    robots = checks.get("robots") if isinstance(checks, dict) else None
    count = robots.get("waiting") if isinstance(robots, dict) else 0
    if isinstance(count, int) and count:
        yield warning(
            Reason("robots that wait to be let in: {count}", count=count), manage_command("robots")
        )
    else:
        yield ok(Reason("no robot waits to be let in"))


def register_checks() -> None:
    """Add the hive's checks to the doctor's."""
    register(
        Check(
            "hive-pages",
            gettext_noop("Hive's pages"),
            pages_check(Service.HIVE, lambda: conf.HIVE_PORT, "HIVE_PORT"),
        )
    )
    register(Check("robots", gettext_noop("Robots"), look_at_robots, ["broker"]))
