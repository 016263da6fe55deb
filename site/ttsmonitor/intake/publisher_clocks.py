"""Tell how old a message is although its publisher's clock may be wrong.

A message that came at once was published when it arrived, whatever its timestamp says, and its
publisher tells how old the sentence was then (`age`). For one that may have waited at the broker
the timestamp counts, corrected by what is known of the publisher's clock.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path

from ttsmirror.wire.messages import Chunk

logger = logging.getLogger(__name__)

NOISE_SECONDS = 2.0
"""A smaller offset may be the way through the broker."""
NAMED_SECONDS = 10.0
"""An offset from here on is named, and again when it has changed by as much."""
KEPT = 1_000


class PublisherClocks:
    """How far the clocks of publishers are from this computer's. May be used from any thread.

    A publisher is known by its robot's id, by the source if it has none, or by its component.
    """

    def __init__(self, path: Path, substitute: str) -> None:
        """Keep offsets in the file `path`; that of `substitute` counts for unknown publishers."""
        self._path = path
        self._substitute = substitute
        self._lock = threading.Lock()
        self._offsets: OrderedDict[str, float] = OrderedDict(_read(path))
        self._named: dict[str, float] = dict(self._offsets)

    @property
    def offsets(self) -> dict[str, float]:
        """Seconds by which publishers' clocks are behind; negative where they are ahead."""
        with self._lock:
            return {name: seconds for name, seconds in self._offsets.items() if _is_wrong(seconds)}

    def learn(self, name: str, timestamp: datetime, now: datetime) -> None:
        """Take in that a publisher's clock showed `timestamp` when ours showed `now`."""
        seconds = (now - timestamp).total_seconds()
        with self._lock:
            before = self._offsets.pop(name, None)
            self._offsets[name] = seconds
            while len(self._offsets) > KEPT:
                self._offsets.popitem(last=False)
            if before is None or abs(seconds - before) > NOISE_SECONDS:
                _write(self._path, self._offsets)
            is_news = abs(seconds - self._named.get(name, 0.0)) > NAMED_SECONDS
            if is_news:
                self._named[name] = seconds
                while len(self._named) > KEPT:
                    del self._named[next(iter(self._named))]
        if is_news:
            _tell(name, seconds)

    def said_at(self, chunk: Chunk, now: datetime, waited_seconds: float) -> datetime | None:
        """Return when a chunk that arrived `now` was said, by this computer's clock.

        It waited at the broker for at most `waited_seconds`. None where nothing is known.
        """
        if chunk.published_at is None:
            return None
        age = timedelta(seconds=chunk.age)
        published = chunk.published_at + age
        if waited_seconds <= 0:
            self.learn(chunk.device_id or chunk.source, published, now)
            on_the_way = 0.0
        else:
            on_the_way = self._seconds_on_the_way(chunk, published, now, waited_seconds)
        said = now - timedelta(seconds=on_the_way) - age
        is_exact = abs((said - chunk.published_at).total_seconds()) <= NOISE_SECONDS
        return chunk.published_at if is_exact else said

    def _seconds_on_the_way(
        self, chunk: Chunk, published: datetime, now: datetime, longest: float
    ) -> float:
        seconds = (now - published).total_seconds()
        with self._lock:
            names = (chunk.device_id or chunk.source, self._substitute)
            known = [self._offsets[name] for name in names if name in self._offsets]
        if known and seconds - known[0] >= -NOISE_SECONDS:  # else its clock was set since
            return max(0.0, seconds - known[0])
        if -NOISE_SECONDS <= seconds <= longest + NOISE_SECONDS:
            return max(0.0, seconds)
        # A wrong clock, and nobody knows by how much.
        return longest if math.isfinite(longest) else max(0.0, seconds)


def _is_wrong(seconds: float) -> bool:
    return abs(seconds) > NOISE_SECONDS


def _tell(name: str, seconds: float) -> None:
    whole = round(abs(seconds))
    if not _is_wrong(seconds):
        logger.info("the clock of %s is right again", name)
    elif seconds > 0:
        logger.warning("the clock of %s is %d s behind; its time is not used", name, whole)
    else:
        logger.warning("the clock of %s is %d s ahead; its time is not used", name, whole)


def _read(path: Path) -> dict[str, float]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): float(seconds) for name, seconds in kept.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as exc:
        logger.warning("%s cannot be read: %s", path, exc)
        return {}


def _write(path: Path, offsets: dict[str, float]) -> None:
    kept = {name: round(seconds, 1) for name, seconds in offsets.items()}
    try:
        path.write_text(json.dumps(kept), encoding="utf-8")
    except OSError as exc:
        logger.warning("%s cannot be written: %s", path, exc)
