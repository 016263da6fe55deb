"""Recognize robots' reports of utterances that were mirrored already.

A robot is sent words, says them or something of its own, and reports what it said. What it was
sent is mirrored at once, so its report of that is a duplicate. Anything else is new and is mirrored
then. An utterance that is never reported counts as not confirmed by the robot.

Utterances without a report are kept beside the outbox too: a report may come after a restart, or
have waited at the broker until then.

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

from ttsmirror.database import AWAY
from ttsmirror.models import AwaitedReport
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
        self._is_loaded = False
        self._inherited: set[uuid.UUID] = set()
        self._unsaved: dict[uuid.UUID, AwaitedReport] = {}
        self._settled: set[uuid.UUID] = set()  # to be deleted from the table

    def note(self, utterance: Chunk) -> None:
        """Remember an utterance sent to a robot; the robot's report of it will be a duplicate."""
        if not utterance.device_id or utterance.source == "system":
            return
        key = _key(utterance.device_id, utterance.text)
        if not key[1]:
            return
        awaited = AwaitedReport(
            id=utterance.utterance_id,
            device_id=utterance.device_id,
            words=key[1],
            event_id=utterance.event_id,
        )
        self._unsaved[awaited.id] = awaited
        self._await(awaited)

    def match_report(self, report: RobotReport) -> Chunk | None:
        """Return the utterance to mirror for a report; None for a duplicate."""
        key = _key(report.device_id, report.words)
        if not key[1]:
            return None
        said = self._known(self._events.get((report.device_id, report.event_id), key))
        if said is not None:
            if said.unconfirmed:
                self._settle(said.unconfirmed.popleft(), is_confirmed=True)
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
                    self._settle(utterance_id, is_confirmed=False)

    def save(self) -> None:
        """Keep for a restart what is not reported yet. Raises what the database raises.

        The first call reads what others have left. Its robots have as much time from now on: they
        may have reported while nobody was here.
        """
        if not self._is_loaded:
            for each in AwaitedReport.objects.all():
                self._inherited.add(each.id)
                self._await(each)
            self._is_loaded = True
        unsaved, self._unsaved = self._unsaved, {}
        try:
            AwaitedReport.objects.bulk_create(unsaved.values(), ignore_conflicts=True)
        except AWAY:
            self._unsaved = unsaved
            raise
        if self._settled:
            AwaitedReport.objects.filter(pk__in=self._settled).delete()
            self._settled.clear()

    def _await(self, awaited: AwaitedReport) -> None:
        key = awaited.device_id, awaited.words
        seconds = SENT_SECONDS + len(awaited.words) / SPOKEN_CHARACTERS_PER_SECOND
        self._remember(key, seconds).unconfirmed.append(awaited.id)
        if awaited.event_id:
            self._events[awaited.device_id, awaited.event_id] = key
            while len(self._events) > KEPT:
                self._events.popitem(last=False)

    def _settle(self, utterance_id: uuid.UUID, *, is_confirmed: bool) -> None:
        # Another process of this installation may still wait for one that was inherited from it.
        if is_confirmed or utterance_id not in self._inherited:
            self._tell(utterance_id, is_confirmed)
        self._forget(utterance_id)

    def _forget(self, utterance_id: uuid.UUID) -> None:
        self._inherited.discard(utterance_id)
        if self._unsaved.pop(utterance_id, None) is None:
            self._settled.add(utterance_id)

    def _remember(self, key: Key, seconds: float) -> _Said:
        said = self._said.setdefault(key, _Said())
        said.until = max(said.until, time.monotonic() + seconds)
        self._said.move_to_end(key)
        while len(self._said) > KEPT:
            for utterance_id in self._said.popitem(last=False)[1].unconfirmed:
                self._forget(utterance_id)
        return said

    def _known(self, key: Key) -> _Said | None:
        said = self._said.get(key)
        return said if said is not None and said.until > time.monotonic() else None


def _key(device_id: str, words: str) -> Key:
    return device_id, as_compared(words)
