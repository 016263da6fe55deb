"""Tell the pages how far the current utterance has been heard, so that they can light its words.

It runs on a thread of its own, at most ten times a second and only while a page is open.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ttsmirror.heartbeat import beat
from ttsmirror.models import Utterance
from ttsmirror.service_thread import TURN_SECONDS, ServiceThread
from ttsmonitor.audio.playback import Playback
from ttsmonitor.audio.timeline import LEVEL_SECONDS
from ttsmonitor.speaking.performance import Performance

TELL_SECONDS = 0.1
VIEWER_SECONDS = 0.004
"""Time added to the interval for each open page, in seconds: hundreds of pages take a while."""
BEAT_SECONDS = 1.0
"""Maximum interval between two messages, in seconds. Pages extrapolate in between."""
NOBODY_SECONDS = 0.25
JUMP_SECONDS = 0.08


@dataclass
class _Told:
    """The state that the pages know."""

    id: str = ""
    text: str = ""
    words: int = 0
    levels: int = 0
    seconds: float = 0.0
    is_moving: bool = False
    at: float = 0.0

    def expects(self, seconds: float, now: float) -> bool:
        """Return True if a page that extrapolates would be at about `seconds`."""
        passed = now - self.at if self.is_moving else 0.0
        return abs(self.seconds + passed - seconds) < JUMP_SECONDS


class Progress(ServiceThread):
    """A thread that reports the progress of the current utterance through `tell`."""

    def __init__(
        self,
        performance: Callable[[], Performance | None],
        is_paused: Callable[[], bool],
        viewers: Callable[[], int],
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        super().__init__("ttsmonitor.progress")
        self._performance = performance
        self._is_paused = is_paused
        self._viewers = viewers
        self._tell = tell
        self._told = _Told()
        self._begun = threading.Event()

    def wake(self) -> None:
        """Note that an utterance is heard from now on. Return at once."""
        self._begun.set()

    def whole(self) -> dict[str, Any] | None:
        """Return the full progress of the current utterance; None if nothing is heard."""
        if (heard := self._heard()) is None:
            return None
        utterance, playback = heard.utterance, heard.playback
        first, levels = playback.timeline.levels()
        return self._where(utterance, playback) | {
            "text": heard.text,
            "from": 0,
            "words": playback.timeline.words(heard.text),
            "levels": {"at": round(first * LEVEL_SECONDS, 2), "values": levels},
        }

    def _heard(self) -> Performance | None:
        performance = self._performance()
        return performance if performance is not None and performance.playback.has_begun else None

    def _where(self, utterance: Utterance, playback: Playback) -> dict[str, Any]:
        return {
            "id": str(utterance.pk),
            "seconds": round(playback.heard_seconds, 3),
            "moving": not (self._is_paused() or playback.is_cancelled or playback.is_away),
            "step": LEVEL_SECONDS,
        }

    def work(self) -> None:
        """Follow the utterance that is heard, to its end."""
        self._begun.wait(TURN_SECONDS)
        self._begun.clear()
        while (heard := self._heard()) is not None and not self.stopping.is_set():
            beat()
            self._follow(heard)

    def _follow(self, heard: Performance) -> None:
        viewers = self._viewers()
        if viewers and (news := self._news(heard)) is not None:
            self._tell(news)
        wait_seconds = max(TELL_SECONDS, viewers * VIEWER_SECONDS)
        self.stopping.wait(wait_seconds if viewers else NOBODY_SECONDS)

    def _news(self, heard: Performance) -> dict[str, Any] | None:
        """Return the changes since the last report; None if there are none."""
        utterance, playback = heard.utterance, heard.playback
        where, now = self._where(utterance, playback), time.monotonic()
        if where["id"] != self._told.id:
            self._told = _Told(where["id"])
        told, text = self._told, heard.text
        words = playback.timeline.words(text, told.words)
        first, levels = playback.timeline.levels(told.levels)
        is_as_expected = (
            told.text == text
            and told.is_moving == where["moving"]
            and told.expects(where["seconds"], now)
        )
        if is_as_expected and not words and not levels and now - told.at < BEAT_SECONDS:
            return None
        news = where | {"from": told.words, "words": words}
        if told.text != text:
            news["text"] = text
        if levels:
            news["levels"] = {"at": round(first * LEVEL_SECONDS, 2), "values": levels}
        self._told = _Told(
            where["id"],
            text,
            told.words + len(words),
            first + len(levels),
            where["seconds"],
            where["moving"],
            now,
        )
        return news
