"""What a running service reports of its own health checks, as findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ttsmirror.reasons import Reason
from ttsmonitor.doctor.base import Finding, Level
from ttsmonitor.system.commands import manage_command, start_command

WAKE_SOUND = "pactl suspend-sink @DEFAULT_SINK@ 0"
REMEDIES: Mapping[str, Callable[[], str]] = {
    "{cause}: the database is not up to date, run the command {command}": lambda: manage_command(
        "prepare"
    ),
    "the sound device accepts no sound: is it suspended?": lambda: WAKE_SOUND,
    "a message sent through the broker did not come back": lambda: start_command("mqtt"),
}
"""Command lines that mend what a reason names, by its code."""
NEEDS_RESTART = (
    "{path} was deleted while in use: put it back, or restart",
    "{path} was replaced while in use: restart to use the new file",
)


def relay(
    pong: Mapping[str, Any],
    *,
    restart: str = "",
    only: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Iterator[Finding]:
    """Yield a fault for each failing check of a service's answer to a ping.

    `only` and `without` are names of checks; `restart` is the command that starts the service
    again.
    """
    checks = pong.get("checks")
    for name, check in checks.items() if isinstance(checks, Mapping) else ():
        if (only and name not in only) or name in without:
            continue
        if isinstance(check, Mapping) and check.get("ok") is False:
            reason = Reason.from_json(check.get("reason")) or str(check.get("detail") or name)
            is_stale = any(names(reason, code) for code in NEEDS_RESTART)
            command = restart if is_stale else remedy(reason)
            yield Finding(Level.FAULT, reason, command, is_quoted=True)


def remedy(reason: str) -> str:
    """Return the command line that mends what a reason names; empty if none is known."""
    for part in _parts(reason):
        if make := REMEDIES.get(part.code):
            return make()
        if command := part.params.get("command"):
            return str(command)
    return ""


def names(reason: str, code: str) -> bool:
    """Return True if a reason, or one inside it, has this code."""
    return any(part.code == code for part in _parts(reason))


def _parts(reason: object) -> Iterator[Reason]:
    """Yield a reason and those that are its values."""
    if isinstance(reason, Reason):
        yield reason
        for value in reason.params.values():
            yield from _parts(value)
