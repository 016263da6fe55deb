"""Sound for any number of browsers, none of which holds up another.

This module fills queues; the WebSocket consumer takes from them and sends.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from ttsmonitor.audio.base import PATIENCE_SECONDS, Pace
from ttsmonitor.audio.clock import Clock

logger = logging.getLogger(__name__)

KEPT_SECONDS = 2.0
"""Maximum length of sound queued for a listener, in seconds; older sound is dropped."""
BEHIND_SECONDS = 0.1
"""Length of queued sound from which silence replaces it instead of following it, in seconds."""
LEAD_SECONDS = 0.1
"""Pages get the sound this long before its time if no sound device sets the pace, so that they can
play it without gaps."""
MOST_EVENTS = 1_000


@dataclass(frozen=True)
class Start:
    """An utterance begins, or a listener joins in its middle."""

    utterance_id: str
    sample_rate: int
    is_resync: bool = False
    """Earlier sound was dropped because the listener did not take it in time."""


@dataclass(frozen=True)
class Sound:
    """A slice of 16-bit mono."""

    pcm: bytes
    seconds: float
    position: int = 0
    """Number of its first sample within the utterance. It decreases after a rewind; a listener
    must not play that sound twice."""


@dataclass(frozen=True)
class Silence:
    """The output is silent from now on.

    A page keeps the sound that it has not played yet. After a pause it continues with it; when
    another utterance begins it drops it.
    """


@dataclass(frozen=True)
class End:
    """The utterance is over."""


Event = Start | Sound | Silence | End


class Listener:
    """A bounded queue of events for one listener. Thread-safe."""

    def __init__(self, on_news: Callable[[], None]) -> None:
        self.on_news = on_news
        self.is_urgent = False
        """True if the queue contains silence, which should be sent at once."""
        self._events: deque[Event] = deque()
        self._seconds = 0.0
        self._start: Start | None = None  # of the first queued sound
        self._lock = threading.Lock()

    def take(self) -> list[Event]:
        """Return everything that came since the last call, in order."""
        with self._lock:
            events = list(self._events)
            self.is_urgent = False
            while self._events:
                self._pop()
            return events

    def put(self, event: Event) -> None:
        """Add an event without waiting; a slow listener loses the oldest ones."""
        with self._lock:
            self.is_urgent |= isinstance(event, Silence)
            if isinstance(event, Silence) and self._seconds > BEHIND_SECONDS:
                self._events = deque(each for each in self._events if not isinstance(each, Sound))
                self._seconds = 0.0
            self._events.append(event)
            if isinstance(event, Sound):
                self._seconds += event.seconds
            if self._seconds > KEPT_SECONDS or len(self._events) > MOST_EVENTS:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        while self._seconds > KEPT_SECONDS or len(self._events) >= MOST_EVENTS:
            self._pop()
        if self._start is not None:
            self._events.appendleft(replace(self._start, is_resync=True))

    def _pop(self) -> None:
        event = self._events.popleft()
        if isinstance(event, Start):
            self._start = event
        elif isinstance(event, Sound):
            self._seconds -= event.seconds
        elif isinstance(event, End):
            self._start = None


class BrowserOutput:
    """Distributes sound to listeners in real time, even without listeners."""

    name = "browser"
    error = ""
    pace = Pace.CLOCK
    buffered_seconds = 0.0

    def __init__(self) -> None:
        self._clock = Clock()
        self._start: Start | None = None
        self._position = 0
        self._is_silenced = False
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    @property
    def has_audience(self) -> bool:
        """True while a browser listens."""
        return bool(self._listeners)

    def listen(self, on_news: Callable[[], None]) -> Listener:
        """Add a listener, who hears the current utterance at once.

        `on_news` is called from the playing thread and must return at once.
        """
        listener = Listener(on_news)
        with self._lock:
            if self._start is not None:
                listener.put(self._start)
            self._listeners.append(listener)
        on_news()
        return listener

    def forget(self, listener: Listener) -> None:
        """Remove a listener. Idempotent."""
        with self._lock:
            self._listeners = [each for each in self._listeners if each is not listener]

    def open(self) -> None:
        """Do nothing: browsers come and go."""
        pass

    def wake(self) -> None:
        """Do nothing."""
        pass

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        """Start an utterance of 16-bit mono at `sample_rate` samples per second."""
        self._clock.start()
        self._position, self._is_silenced = 0, False
        self._tell(Start(utterance_id, sample_rate))

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        """Wait until a slice can be written; return False if `is_over()` came first."""
        return self._clock.wait(is_over, LEAD_SECONDS)

    def write(self, pcm: bytes) -> None:
        """Play a slice."""
        if self._start is not None:
            if self._is_silenced:
                self._is_silenced = False
                self._clock.go_on(LEAD_SECONDS)  # pages held it meanwhile
            seconds = len(pcm) / 2 / self._start.sample_rate
            self._clock.add(seconds)
            self._tell(Sound(pcm, seconds, self._position))
            self._position += len(pcm) // 2

    def flush(self) -> float:
        """Drop sound that was written but not heard; return its length in seconds."""
        if self._start is not None:
            self._is_silenced = True
            self._tell(Silence())
        return 0.0

    def rewind(self, seconds: float) -> None:
        """Note that the last `seconds` will be written again."""
        self._clock.add(-seconds)
        if self._start is not None:
            self._position = max(0, self._position - round(seconds * self._start.sample_rate))

    def drain(self, is_over: Callable[[], bool]) -> None:
        """Wait until everything has been heard, or until `is_over()`."""
        self._clock.wait(is_over)

    def end(self) -> None:
        """Finish the utterance."""
        if self._start is not None:
            self._tell(End())

    def close(self) -> None:
        """Do nothing."""
        self.end()

    def _tell(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, Start | End):
                self._start = event if isinstance(event, Start) else None
            listeners = self._listeners
            for listener in listeners:
                listener.put(event)
        for listener in listeners:
            try:
                listener.on_news()
            except RuntimeError:  # its page has closed meanwhile
                logger.exception("a listener failed and is dropped")
                self.forget(listener)
