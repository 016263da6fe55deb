"""The page's jitter buffer in a real Chromium neither loses nor repeats sound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, Route

from tests.support.chromium import open_page
from tests.support.tools import ROOT

pytestmark = pytest.mark.browser
STATIC = ROOT / "site" / "ttsmonitor" / "static" / "ttsmonitor"
CONTEXT = 48_000
RATE = 24_000
SLICE = RATE // 50
TOOLS = """async ([contextRate, steps]) => {
    const { JitterBuffer } = await import("/jitter.js");
    const jitter = new JitterBuffer(contextRate);
    const heard = [];
    const read = (frames) => {
        const output = new Float32Array(128);
        for (let done = 0; done < frames; done += 128) {
            jitter.read(output);
            heard.push(...output);
        }
    };
    for (const [what, ...values] of steps) {
        if (what === "read") read(values[0]);
        else if (what === "add") jitter.add(values[0], Int16Array.from(values[1]));
        else jitter[what](...values);
    }
    return { heard, seconds: jitter.seconds, gaps: jitter.gaps, target: jitter.target };
}"""
Step = tuple[Any, ...]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    def serve(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name:
            route.fulfill(path=STATIC / name, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    with open_page() as opened:
        opened.route("http://localhost/**", serve)
        opened.goto("http://localhost/")
        yield opened


def run(page: Page, *steps: Step, context: int = CONTEXT) -> Any:
    result = page.evaluate(TOOLS, [context, [list(step) for step in steps]])
    result["heard"] = np.array(result["heard"])
    return result


def ramp(first: int, last: int) -> list[int]:
    """Return samples that encode their position."""
    return list(range(first, last))


def slices(first: int, last: int) -> list[Step]:
    """Return steps that add a ramp, one slice at a time."""
    return [("add", at, ramp(at, min(at + SLICE, last))) for at in range(first, last, SLICE)]


def positions(heard: np.ndarray) -> np.ndarray:
    """Return the ramp position of each heard sample."""
    return np.asarray(heard * 32768)


def was_heard(heard: np.ndarray, position: int) -> bool:
    return bool((np.abs(heard - position) < 1).any())


def is_silent(heard: np.ndarray) -> bool:
    return bool(np.abs(heard).max() < 0.001)


def sine(hertz: float, rate: int, seconds: float) -> np.ndarray:
    return np.asarray(10_000 * np.sin(2 * np.pi * hertz * np.arange(seconds * rate) / rate))


@pytest.mark.parametrize(
    ("rate", "context", "hertz"),
    [
        (22_050, 48_000, 440),
        (22_050, 48_000, 7_000),
        (16_000, 44_100, 3_000),
        (48_000, 44_100, 500),
    ],
)
def test_tone_is_preserved_by_resampling(page: Page, rate: int, context: int, hertz: float) -> None:
    samples = [int(each) for each in sine(hertz, rate, 0.2).round()]
    steps: list[Step] = [("start", rate)]
    steps += [("add", at, samples[at : at + 333]) for at in range(0, len(samples), 333)]
    heard = run(page, *steps, ("end",), ("read", round(0.2 * context)), context=context)["heard"]
    expected = sine(hertz, context, 0.2) / 32768
    middle = slice(round(0.02 * context), round(0.18 * context))
    assert np.abs(heard[middle] - expected[middle]).max() < 0.01 * 10_000 / 32768


def test_playback_waits_for_buffer_or_end_of_short_sound(page: Page) -> None:
    few, rest = slices(0, 2 * SLICE), slices(2 * SLICE, 8 * SLICE)
    waiting = run(page, ("start", RATE), *few, ("read", 1024))
    assert not waiting["heard"].any() and waiting["seconds"] == pytest.approx(0.04)
    assert run(page, ("start", RATE), *few, *rest, ("read", 1024))["heard"].any()
    short = run(page, ("start", RATE), *few, ("end",), ("read", 4096))
    assert short["heard"].any() and short["seconds"] == 0 and short["gaps"] == 0


def test_late_sound_makes_click_free_gap_and_larger_buffer(page: Page) -> None:
    before, after = slices(0, 8 * SLICE), slices(8 * SLICE, 16 * SLICE)
    result = run(page, ("start", RATE), *before, ("read", 12_800), *after, ("read", 12_800))
    assert result["gaps"] >= 1 and result["target"] > 0.06
    assert np.abs(np.diff(result["heard"])).max() < 0.05
    heard = positions(result["heard"])
    assert was_heard(heard, 16 * SLICE - 20), "the end was not heard"


def test_pause_resumes_with_the_next_sample(page: Page) -> None:
    before, after = slices(0, 20 * SLICE), slices(20 * SLICE, 40 * SLICE)
    steps = [("start", RATE), *before, ("read", 9600), ("silence",)]
    paused = run(page, *steps, ("read", 4800))["heard"]
    assert is_silent(paused[9600 + 480 :]), "it was still heard after 10 ms"
    whole = run(page, *steps, ("read", 4800), *after, ("end",), ("read", 38_400))["heard"]
    heard = positions(whole)
    stopped = heard[9599]
    again = np.flatnonzero(heard[14_400:] > stopped)[0] + 14_400
    # After the fade-in it is at the position where it stopped.
    assert heard[again + 480] == pytest.approx(stopped + (again + 480 - 14_400) / 2, abs=260)
    assert was_heard(heard, 40 * SLICE - 20), "the end was not heard"


def test_rewound_samples_are_not_heard_twice(page: Page) -> None:
    before = slices(0, 10 * SLICE)
    again = slices(10 * SLICE - 1000, 20 * SLICE)
    steps = [("start", RATE), *before, ("read", 8960), ("silence",), ("read", 1280)]
    heard = positions(run(page, *steps, *again, ("end",), ("read", 25_600))["heard"])
    assert heard[8959] == pytest.approx(8959 / 2, abs=2), "less than what was taken back"
    later = heard[8960 + 1280 + 300 :]
    rising = later[: np.argmax(later > 20 * SLICE - 40)]
    assert len(rising) > 9000 and (np.diff(rising) > 0).all(), "it went back"


@pytest.mark.parametrize("following", [("end",), ("start", RATE)])
def test_interrupted_sound_is_discarded(page: Page, following: Step) -> None:
    steps = [("start", RATE), *slices(0, 30 * SLICE), ("read", 4800), ("silence",)]
    result = run(page, *steps, following, ("read", 9600))
    assert is_silent(result["heard"][4800 + 480 :]) and result["seconds"] == 0


def test_muting_discards_buffer_and_plays_silence(page: Page) -> None:
    muted = [("add", at, [0] * SLICE) for at in range(30 * SLICE, 40 * SLICE, SLICE)]
    steps = [("start", RATE), *slices(0, 30 * SLICE), ("read", 4800), ("silence",)]
    heard = run(page, *steps, *muted, ("read", 19_200))["heard"]
    assert is_silent(heard[4800 + 480 :])


def test_consecutive_utterances_play_without_a_gap(page: Page) -> None:
    tone = [8000] * RATE
    steps: list[Step] = []
    for _ in range(2):
        steps += [("start", RATE), ("add", 0, tone[: RATE // 4]), ("end",)]
    heard = run(page, *steps, ("read", 23_040))["heard"]
    assert (heard[480:22_000] < 0.2).sum() < 10


def test_late_listener_starts_at_the_current_position(page: Page) -> None:
    result = run(page, ("start", RATE), *slices(2400, 2400 + 10 * SLICE), ("end",), ("read", 4800))
    heard = positions(result["heard"])
    assert heard[480] == pytest.approx(2400 + 240, abs=2)


def test_large_backlog_is_trimmed_to_current_sound(page: Page) -> None:
    steps = [("add", at, [9] * RATE) for at in range(0, 4 * RATE, RATE)]
    result = run(page, ("start", RATE), *steps)
    assert result["seconds"] <= 1.57
