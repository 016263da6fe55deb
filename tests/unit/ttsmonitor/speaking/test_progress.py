"""Progress of the current utterance as sent to pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.fakes import RATE, FakeOutput, FakeSynthesizer
from tests.support.tools import wait_until
from ttsmirror.models import Utterance
from ttsmonitor.audio.playback import Controls, Playback
from ttsmonitor.speaking.performance import Performance
from ttsmonitor.speaking.progress import Progress
from ttsmonitor.synthesis.base import Block, Mark

TEXT = "Hola, Moxie."


@dataclass
class Stage:
    """A playback and the progress reports about it."""

    controls: Controls = field(default_factory=Controls)
    viewers: int = 1
    performance: Performance | None = None
    told: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.output = FakeOutput()
        self.progress = Progress(
            lambda: self.performance,
            lambda: self.controls.is_paused,
            lambda: self.viewers,
            self.told.append,
        )

    def say(self, text: str = TEXT) -> Playback:
        playback = Playback(self.output, self.controls, "1", self.progress.wake)
        self.performance = Performance(Utterance(text=text), playback, FakeSynthesizer())  # type: ignore[arg-type]
        return playback

    def last(self, name: str) -> Any:
        return next((news[name] for news in reversed(self.told) if name in news), None)

    def words(self) -> list[tuple[float, int]]:
        return [word for news in self.told for word in news["words"]]


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    made.progress.start()
    yield made
    made.performance = None
    made.progress.stop()


def block(seconds: float, *marks: Mark) -> Block:
    return Block(b"\0\x20" * round(seconds * RATE), RATE, marks)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttsmonitor.speaking.progress.TELL_SECONDS", 0.01)
    monkeypatch.setattr("ttsmonitor.speaking.progress.NOBODY_SECONDS", 0.01)


def test_words_and_levels_are_sent_once_each(stage: Stage, quick: None) -> None:
    playback = stage.say()
    playback.play(block(0.3, Mark("Hola", 0.02, 0), Mark("Moxie", 0.4, 6)))
    wait_until(lambda: stage.words() == [(0.02, 0), (0.4, 1)])
    first = stage.told[0]
    assert (first["from"], first["text"], first["moving"]) == (0, TEXT, True)
    assert stage.last("seconds") == pytest.approx(0.3 - stage.output.buffered_seconds)
    assert first["levels"]["at"] == 0 and len(first["levels"]["values"]) == 6
    playback.play(block(0.2))
    wait_until(lambda: stage.last("levels")["at"] == pytest.approx(0.3))
    assert stage.words() == [(0.02, 0), (0.4, 1)]
    assert len([news for news in stage.told if "text" in news]) == 1


def test_pause_and_rewind_are_reported(stage: Stage, quick: None) -> None:
    playback = stage.say()
    playback.play(block(0.5))
    wait_until(lambda: stage.last("moving") is True)
    stage.controls.resumed.clear()
    wait_until(lambda: stage.last("moving") is False)
    stage.output.unheard_seconds = 0.3
    playback._take_back()
    wait_until(lambda: stage.last("seconds") == pytest.approx(0.2 - stage.output.buffered_seconds))
    stage.controls.resumed.set()
    wait_until(lambda: stage.last("moving") is True)


def test_progress_is_held_until_a_viewer_comes(stage: Stage, quick: None) -> None:
    stage.viewers = 0
    looks: list[int] = []
    assert stage.progress.whole() is None

    def look() -> int:
        looks.append(1)
        return stage.viewers

    stage.progress._viewers = look
    playback = stage.say()
    playback.play(block(0.5, Mark("Hola", 0.02, 0), Mark("Moxie", 0.4, 6)))
    wait_until(lambda: len(looks) > 3)
    assert stage.told == []
    whole = stage.progress.whole()
    assert whole is not None
    assert (whole["text"], whole["from"], whole["words"]) == (TEXT, 0, [(0.02, 0), (0.4, 1)])
    assert len(whole["levels"]["values"]) == 10
    stage.viewers = 1
    wait_until(lambda: stage.words() == [(0.02, 0), (0.4, 1)])


def test_many_viewers_reduce_the_update_rate(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    wait: Callable[[float], bool] = stage.progress.stopping.wait

    def hurry(seconds: float) -> bool:
        waits.append(seconds)
        return wait(min(seconds, 0.01))

    monkeypatch.setattr(stage.progress.stopping, "wait", hurry)
    for viewers, seconds in ((1, 0.1), (500, 2.0)):
        stage.viewers = viewers
        stage.say().play(block(0.1))
        wait_until(lambda seconds=seconds: waits[-1:] == [seconds])  # type: ignore[misc]


def test_progress_restarts_with_the_next_utterance(stage: Stage, quick: None) -> None:
    for _time in range(2):
        stage.told.clear()
        stage.say().play(block(0.1, Mark("Hola", 0.0, 0)))
        wait_until(lambda: stage.words() == [(0.0, 0)])
        assert stage.told[0]["from"] == 0 and "text" in stage.told[0]
        stage.performance = None
