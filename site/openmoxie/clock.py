"""The time zone of this computer, so that the pages' times are the family's."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import available_timezones


def system_time_zone(localtime: Path = Path("/etc/localtime")) -> str:
    """Its name, as in `Europe/Madrid`; UTC where it cannot be told."""
    try:
        target = localtime.resolve(strict=True).as_posix()
    except OSError:
        return "UTC"
    name = target.partition("/zoneinfo/")[2]
    return name if name in available_timezones() else "UTC"
