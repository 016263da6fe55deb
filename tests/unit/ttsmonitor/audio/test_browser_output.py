"""The browser output with many, late and slow listeners."""

from __future__ import annotations

import threading
import time

import pytest

from tests.support.fakes import RATE
from ttsmonitor.audio.base import Output
from ttsmonitor.audio.browser import (
    KEPT_SECONDS,
    LEAD_SECONDS,
    MOST_EVENTS,
    BrowserOutput,
    End,
    Listener,
    Silence,
    Sound,
    Start,
)
from ttsmonitor.audio.playback import Controls, Playback
from ttsmonitor.synthesis.base import Block


def slice_of(value: int) -> bytes:
    return bytes([value, 0]) * (RATE // 100)


def quiet() -> None:
    pass


def sounds(listener: Listener) -> list[bytes]:
    return [event.pcm for event in listener.take() if isinstance(event, Sound)]


@pytest.fixture
def output() -> BrowserOutput:
    return BrowserOutput()


def test_browser_output_plays_whole_utterance(output: BrowserOutput) -> None:
    typed: Output = output
    listener = output.listen(quiet)
    playback = Playback(typed, Controls(), "an-id", quiet)
    sound = b"\1\0" * (RATE // 10)
    playback.play(Block(sound, RATE))
    playback.finish()
    first, *middle, last = listener.take()
    assert first == Start("an-id", RATE) and last == End()
    assert b"".join(each.pcm for each in middle if isinstance(each, Sound)) == sound


def test_each_listener_hears_everything(output: BrowserOutput) -> None:
    listeners = [output.listen(quiet) for _ in range(3)]
    output.begin("an-id", RATE)
    output.write(slice_of(1))
    output.write(slice_of(2))
    for listener in listeners:
        assert sounds(listener) == [slice_of(1), slice_of(2)]
        assert listener.take() == [], "it was taken"


def test_late_listener_first_gets_current_utterance(output: BrowserOutput) -> None:
    output.begin("an-id", RATE)
    output.write(slice_of(1))
    late = output.listen(quiet)
    output.write(slice_of(2))
    assert late.take() == [Start("an-id", RATE), Sound(slice_of(2), 220 / RATE, 220)]


def test_listener_between_utterances_hears_only_the_next(output: BrowserOutput) -> None:
    output.begin("first", RATE)
    output.end()
    listener = output.listen(quiet)
    assert listener.take() == []
    output.begin("second", RATE)
    assert listener.take() == [Start("second", RATE)]


def test_slow_listener_loses_oldest_sound_and_resyncs(output: BrowserOutput) -> None:
    slow, quick = output.listen(quiet), output.listen(quiet)
    output.begin("an-id", RATE)
    heard: list[bytes] = []
    slices = [slice_of(number % 250) for number in range(500)]
    for pcm in slices:
        output.write(pcm)
        heard += sounds(quick)
    assert heard == slices
    first, *rest = slow.take()
    assert first == Start("an-id", RATE, is_resync=True)
    kept = [event.pcm for event in rest if isinstance(event, Sound)]
    assert kept == slices[-len(kept) :]
    assert KEPT_SECONDS - 0.02 < len(kept) * 0.01 < KEPT_SECONDS + 0.02
    output.write(slice_of(7))
    assert slow.take() == [Sound(slice_of(7), 220 / RATE, 500 * 220)], "it is up to date again"


def test_listener_gets_start_again_after_a_gap(
    output: BrowserOutput,
) -> None:
    listener = output.listen(quiet)
    output.begin("an-id", RATE)
    listener.take()
    for _ in range(300):
        output.write(slice_of(1))
    assert listener.take()[0] == Start("an-id", RATE, is_resync=True)


def test_unread_events_precede_the_next_utterance(
    output: BrowserOutput,
) -> None:
    listener = output.listen(quiet)
    output.begin("first", RATE)
    output.write(slice_of(1))
    output.end()
    output.begin("second", 16_000)
    kinds = [type(event) for event in listener.take()]
    assert kinds == [Start, Sound, End, Start]


def test_silence_event_follows_the_sound_before_it(output: BrowserOutput) -> None:
    listener = output.listen(quiet)
    output.begin("an-id", RATE)
    output.write(slice_of(1))
    output.flush()
    output.write(slice_of(2))
    kinds = [type(event) for event in listener.take()]
    assert kinds == [Start, Sound, Silence, Sound]


def test_silence_discards_unread_sound_of_slow_listener(output: BrowserOutput) -> None:
    listener = output.listen(quiet)
    output.begin("an-id", RATE)
    for _ in range(20):
        output.write(slice_of(1))
    output.flush()
    output.write(slice_of(2))
    start, silence, sound = listener.take()
    assert (start, silence) == (Start("an-id", RATE), Silence())
    assert isinstance(sound, Sound) and sound.pcm == slice_of(2)


def test_rewound_sound_has_its_original_position(output: BrowserOutput) -> None:
    listener = output.listen(quiet)
    output.begin("an-id", RATE)
    for _ in range(3):
        output.write(slice_of(1))
    output.flush()
    output.rewind(330 / RATE)
    output.write(slice_of(1))
    positions = [each.position for each in listener.take() if isinstance(each, Sound)]
    assert positions == [0, 220, 440, 330]


def test_playback_lasts_as_long_as_the_sound(
    output: BrowserOutput,
) -> None:
    playback, start = Playback(output, Controls(), "an-id", quiet), time.monotonic()
    playback.play(Block(b"\1\0" * (RATE // 2), RATE))
    assert time.monotonic() - start == pytest.approx(0.5 - LEAD_SECONDS, abs=0.05)
    playback.finish()
    assert time.monotonic() - start == pytest.approx(0.5, abs=0.05)


def test_playback_does_not_catch_up_after_pause(output: BrowserOutput) -> None:
    output.begin("an-id", RATE)
    for _ in range(10):
        output.write(slice_of(1))
    output.flush()
    time.sleep(0.3)  # the pause
    start = time.monotonic()
    for _ in range(10):
        output.wait_for_room(lambda: False)
        output.write(slice_of(1))
    assert time.monotonic() - start > 0.08, "pages got it faster than they can play it"


def test_flush_without_utterance_sends_no_event(output: BrowserOutput) -> None:
    listener = output.listen(quiet)
    output.flush()
    assert listener.take() == []


def test_unread_listener_queue_is_bounded(output: BrowserOutput) -> None:
    listener = output.listen(quiet)
    for number in range(2 * MOST_EVENTS):
        output.begin(str(number), RATE)
        output.write(slice_of(1))
        output.flush()
        output.end()
    assert len(listener.take()) <= MOST_EVENTS


def test_failing_listener_does_not_stop_the_others(output: BrowserOutput) -> None:
    def broken() -> None:
        if is_broken.is_set():
            raise RuntimeError("the loop is closed")

    is_broken = threading.Event()
    output.listen(broken)
    whole = output.listen(quiet)
    is_broken.set()
    output.begin("an-id", RATE)
    output.write(slice_of(1))
    assert sounds(whole) == [slice_of(1)]


def test_removed_listener_gets_no_more_events(output: BrowserOutput) -> None:
    news = 0

    def count() -> None:
        nonlocal news
        news += 1

    listener = output.listen(count)
    output.begin("an-id", RATE)
    before = news
    output.forget(listener)
    output.forget(listener)
    output.write(slice_of(1))
    assert news == before and sounds(listener) == []
