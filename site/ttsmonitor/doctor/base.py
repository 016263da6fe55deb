"""A check of the doctor, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ttsmonitor.doctor.situation import Situation


class Level(IntEnum):
    """How bad a finding is; the highest one of a check is the check's."""

    OK = 0
    SKIPPED = 1
    """It could not be looked at, because something else has to work first."""
    WARNING = 2
    FAULT = 3


@dataclass(frozen=True)
class Publication:
    """An MQTT message that mends something."""

    topic: str
    payload: bytes = b""
    retain: bool = False


@dataclass(frozen=True)
class Finding:
    """What a check has found."""

    level: Level
    reason: str
    """A Reason: what is the case, in English, and translatable."""
    command: str = ""
    """The command line that mends it; empty if there is none."""
    mend: tuple[Publication, ...] = ()
    """The messages that mend it; `tts_doctor --mend` publishes them."""
    is_quoted: bool = False
    """A service reported it: its values may be what somebody said."""


@dataclass(frozen=True)
class Check:
    """One link of the chain."""

    id: str
    title: str
    """English, marked by gettext_noop."""
    look: Callable[[Situation], Iterable[Finding]]
    """Look at it, for seconds if need be. Raises ImproperlyConfigured for an unreadable setting."""
    needs: Sequence[str] = ()
    """Ids of checks before it without which it says nothing: it is skipped after their fault."""


@dataclass(frozen=True)
class Result:
    """A check with its findings."""

    check: Check
    findings: Sequence[Finding]

    @property
    def level(self) -> Level:
        """The highest level of the findings."""
        return max((each.level for each in self.findings), default=Level.OK)


def ok(reason: str) -> Finding:
    """Return the finding that something works."""
    return Finding(Level.OK, reason)


def skipped(reason: str) -> Finding:
    """Return the finding that something could not be looked at."""
    return Finding(Level.SKIPPED, reason)


def warning(reason: str, command: str = "", mend: tuple[Publication, ...] = ()) -> Finding:
    """Return the finding that something may soon fail, or is unusual."""
    return Finding(Level.WARNING, reason, command, mend)


def fault(reason: str, command: str = "", mend: tuple[Publication, ...] = ()) -> Finding:
    """Return the finding that something does not work."""
    return Finding(Level.FAULT, reason, command, mend)
