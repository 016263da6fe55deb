"""The time zone of this computer, for the times on the pages."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import available_timezones


def system_time_zone(localtime: Path = Path("/etc/localtime")) -> str:
    """Return its name, as in `Europe/Madrid`; UTC if it is unknown."""
    try:
        target = localtime.resolve(strict=True).as_posix()
    except OSError:
        return "UTC"
    name = target.partition("/zoneinfo/")[2]
    return name if name in available_timezones() else "UTC"
