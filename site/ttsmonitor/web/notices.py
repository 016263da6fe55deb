"""Notices of faults and controls that silence the speech; a page shows the most urgent one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

ORDER = (
    "speech",
    "broker",
    "audio",
    "voice",
    "fault",
    "muted",
    "silent",
    "paused",
    "robots",
)
"""Codes of notices, the most urgent first. The template _status_line.html has a line for each."""


@dataclass(frozen=True)
class Notice:
    """Something that a person can mend."""

    code: str
    name: str = ""
    """The robot that it is about, if it is a single one."""


Source = Callable[[], Iterable[Notice]]
_sources: dict[str, Source] = {}


def set_source(subject: str, source: Source) -> None:
    """Have `source` report the notices about a subject, in place of an earlier source."""
    _sources[subject] = source


def current() -> list[Notice]:
    """Return all notices of this process, the most urgent first."""
    found = [notice for source in _sources.values() for notice in source() if notice.code in ORDER]
    return sorted(found, key=lambda notice: ORDER.index(notice.code))
