"""Recognize robots' reports of utterances that were mirrored already.

A robot is sent words, says them or something of its own, and reports what it said. What it was
sent is mirrored at once, so its report of that is a duplicate. Anything else is new and is mirrored
then. An utterance that is never reported counts as not confirmed by the robot in the history.

For the publisher's thread only.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ttsmirror.models import Utterance
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
LOOK_SECONDS = 2.0
GIVE_UP_SECONDS = 600.0
"""Time in which the history may still receive the utterance, in seconds."""

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
        self._marks: dict[uuid.UUID, tuple[bool, float]] = {}
        self._looked = -LOOK_SECONDS

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
                self._mark(said.unconfirmed.popleft(), True)
            return None
        if report.is_ours:
            return None
        self._remember(key, REPEAT_SECONDS)
        news = Chunk(
            utterance_id=uuid.uuid4(),
            text=report.words,
            source="system",
            published_at=datetime.now(UTC),
            device_id=report.device_id,
        )
        self._mark(news.utterance_id, True)
        return news

    def settle(self) -> None:
        """Forget old utterances, and record in the history which were confirmed."""
        now = time.monotonic()
        for key, said in list(self._said.items()):
            if said.until <= now:
                del self._said[key]
                for utterance_id in said.unconfirmed:
                    self._mark(utterance_id, False)
        if self._marks and now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._write(now)

    def _remember(self, key: Key, seconds: float) -> _Said:
        said = self._said.setdefault(key, _Said())
        said.until = max(said.until, time.monotonic() + seconds)
        self._said.move_to_end(key)
        _trim(self._said)
        return said

    def _known(self, key: Key) -> _Said | None:
        said = self._said.get(key)
        return said if said is not None and said.until > time.monotonic() else None

    def _mark(self, utterance_id: uuid.UUID, is_confirmed: bool) -> None:
        self._marks[utterance_id] = is_confirmed, time.monotonic() + GIVE_UP_SECONDS
        while len(self._marks) > KEPT:
            del self._marks[next(iter(self._marks))]
        self._tell(utterance_id, is_confirmed)

    def _write(self, now: float) -> None:
        kept = set(Utterance.objects.filter(pk__in=self._marks).values_list("pk", flat=True))
        for is_confirmed in (True, False):
            marked = [each for each in kept if self._marks[each][0] == is_confirmed]
            if marked:
                Utterance.objects.filter(pk__in=marked).update(robot_confirmed=is_confirmed)
        self._marks = {
            utterance_id: (is_confirmed, until)
            for utterance_id, (is_confirmed, until) in self._marks.items()
            if utterance_id not in kept and until > now
        }


def _key(device_id: str, words: str) -> Key:
    return device_id, as_compared(words)


def _trim(kept: OrderedDict[Key, object] | OrderedDict[Key, _Said] | OrderedDict[Key, Key]) -> None:
    while len(kept) > KEPT:
        kept.popitem(last=False)
