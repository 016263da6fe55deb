"""Recognize robots' reports of utterances that were mirrored already.

A robot is sent words, says them or something of its own, and reports what it said. What it was
sent is mirrored at once, so its report of that is a duplicate. Anything else is new and is mirrored
then. An utterance that is never reported counts as not confirmed by the robot.

For the publisher's thread only.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ttsmirror.text import as_compared
from ttsmirror.wire.fields import UTC
from ttsmirror.wire.messages import Chunk

logger = logging.getLogger(__name__)

SENT_SECONDS = 120.0
SPOKEN_CHARACTERS_PER_SECOND = 8.0
"""Pace of a robot's speech: it reports a sentence only when it has said it."""
REPEAT_SECONDS = 10.0
"""Time in which a robot may repeat a report, in seconds."""
KEPT = 1_000
LONG_AGO = 86_400.0
"""Seconds that stand for an unknown time; nothing so old is spoken."""

Key = tuple[str, str]
"""A robot and the normalized words."""


@dataclass(frozen=True)
class RobotReport:
    """A robot's report of its own speech."""

    device_id: str
    words: str
    event_id: str = ""
    is_ours: bool = False
    """The content came from this server."""
    seconds_ago: float = 0.0
    """Upper bound of the time since the robot said it."""


@dataclass
class _Said:
    until: float = 0.0
    """time.monotonic() of its expiry."""
    unconfirmed: deque[uuid.UUID] = field(default_factory=deque)


class Deduplicator:
    """Matches reports with the utterances that were sent."""

    def __init__(self, tell: Callable[[uuid.UUID, bool], None] = lambda *_: None) -> None:
        """Call `tell` with an utterance's id and whether its robot confirmed it, once known."""
        self._tell = tell
        self._said: OrderedDict[Key, _Said] = OrderedDict()
        self._events: OrderedDict[Key, Key] = OrderedDict()

    def note(self, utterance: Chunk) -> None:
        """Remember an utterance sent to a robot; the robot's report of it will be a duplicate."""
        if not utterance.device_id or utterance.source == "system":
            return
        seconds = SENT_SECONDS + len(utterance.text) / SPOKEN_CHARACTERS_PER_SECOND
        key = _key(utterance.device_id, utterance.text)
        if not key[1]:
            return
        self._remember(key, seconds).unconfirmed.append(utterance.utterance_id)
        if utterance.event_id:
            self._events[utterance.device_id, utterance.event_id] = key
            _trim(self._events)

    def match_report(self, report: RobotReport) -> Chunk | None:
        """Return the utterance to mirror for a report; None for a duplicate."""
        key = _key(report.device_id, report.words)
        if not key[1]:
            return None
        said = self._known(self._events.get((report.device_id, report.event_id), key))
        if said is not None:
            if said.unconfirmed:
                self._tell(said.unconfirmed.popleft(), True)
            return None
        if report.is_ours:
            return None
        self._remember(key, REPEAT_SECONDS)
        news = Chunk(
            utterance_id=uuid.uuid4(),
            text=report.words,
            source="system",
            published_at=datetime.now(UTC) - timedelta(seconds=min(report.seconds_ago, LONG_AGO)),
            device_id=report.device_id,
        )
        self._tell(news.utterance_id, True)
        return news

    def settle(self) -> None:
        """Forget old utterances; tell of those that were never confirmed."""
        now = time.monotonic()
        for key, said in list(self._said.items()):
            if said.until <= now:
                del self._said[key]
                for utterance_id in said.unconfirmed:
                    self._tell(utterance_id, False)

    def _remember(self, key: Key, seconds: float) -> _Said:
        said = self._said.setdefault(key, _Said())
        said.until = max(said.until, time.monotonic() + seconds)
        self._said.move_to_end(key)
        _trim(self._said)
        return said

    def _known(self, key: Key) -> _Said | None:
        said = self._said.get(key)
        return said if said is not None and said.until > time.monotonic() else None


def _key(device_id: str, words: str) -> Key:
    return device_id, as_compared(words)


def _trim(kept: OrderedDict[Key, object] | OrderedDict[Key, _Said] | OrderedDict[Key, Key]) -> None:
    while len(kept) > KEPT:
        kept.popitem(last=False)
