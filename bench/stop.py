"""Measure the time from a control message to silence at the sound device."""

from __future__ import annotations

import argparse
import random
import time
from contextlib import ExitStack, closing

from bench.machine import BenchError, Broker, find_voice, note, work_directory
from bench.recorded_device import Ear
from bench.service import Service
from bench.tables import Wanted, median, percentile, report, table
from bench.texts import STORY, Texts

QUIET_SECONDS = 0.6
PLAY_SECONDS = (0.2, 0.8)
"""Range of the random time it speaks before the stop."""
BACK_SECONDS = 3.0
STORY_TIMES = 12
P95_MS = 50
EARLY_SECONDS = 0.02
"""Delay after a message before any voice makes a sound."""
FULL = 100
"""Utterances that wait in a full queue."""
BACK = {"pause": "resume", "mute": "unmute"}


def run(args: argparse.Namespace) -> bool:
    """Measure and print. Return True if the wanted values hold."""
    voice = find_voice(args.voice)
    with ExitStack() as stack:
        work = stack.enter_context(work_directory())
        ear = stack.enter_context(closing(Ear()))
        broker = stack.enter_context(closing(Broker(work)))
        service = stack.enter_context(
            closing(Service(broker, work, voice, TTS_AUDIO="pyaudio", **ear.env))
        )
        measuring = _Measuring(service, ear)
        times = {}
        for action in ("interrupt", "skip", *BACK):
            note(f"stop: {action}")
            times[action] = [measuring.once(action) for _ in range(args.runs)]
        note("stop: interrupt with a full queue")
        times["interrupt, full queue"] = [
            measuring.once("interrupt", waiting=FULL) for _ in range(args.runs)
        ]
        note("stop: interrupt before the first sound")
        early = [measuring.early() for _ in range(args.runs)]
    print(f"\nstop: control message → last audible sample, ms; {args.runs} runs\n")
    rows = [
        [action, median(each), percentile(each, 95), max(each)] for action, each in times.items()
    ]
    print(table(["action", "median", "p95", "max"], rows), "\n")
    wanted = [
        Wanted(f"{action}, p95", percentile(each, 95) or 0, P95_MS, " ms")
        for action, each in times.items()
    ]
    heard = sum(1 for each in early if each > 0)
    return report([*wanted, Wanted("interrupted before the first sound, heard", heard, 0, "")])


class _Measuring:
    def __init__(self, service: Service, ear: Ear) -> None:
        self._service = service
        self._ear = ear
        self._texts = Texts()
        self._random = random.Random()

    def once(self, action: str, *, waiting: int = 0) -> float:
        """Speak, silence it with this control, and verify that the control silenced it."""
        service, ear = self._service, self._ear
        service.say(self._texts.new(STORY * STORY_TIMES))
        for _ in range(waiting):
            service.say(STORY)
        ear.first_sound_after(lambda: None)
        ear.hear(self._random.uniform(*PLAY_SECONDS))
        silent_ms = ear.last_sound_after(lambda: service.control(action), QUIET_SECONDS)
        if action in BACK:
            heard = ear.first_sound_after(lambda: service.control(BACK[action]))
            if heard > BACK_SECONDS * 1000:
                raise BenchError(f"{BACK[action]} brought the sound back after {heard:.0f} ms")
            service.control("interrupt")
        if (ended := service.wait_for_end()) not in ("interrupted", "skipped"):
            raise BenchError(f"an utterance was {ended} before it could be stopped")
        ear.wait_for_silence(QUIET_SECONDS)
        return silent_ms

    def early(self) -> float:
        """Interrupt an utterance at its start. Return milliseconds to the last sound, 0 if none."""
        service, ear = self._service, self._ear

        def say_and_interrupt() -> None:
            service.say(self._texts.new(STORY * STORY_TIMES))
            time.sleep(self._random.uniform(0, EARLY_SECONDS))
            service.control("interrupt")

        heard_ms = ear.last_sound_after(say_and_interrupt, QUIET_SECONDS)
        if (ended := service.wait_for_end()) != "interrupted":
            raise BenchError(f"an utterance was {ended} before it could be stopped")
        return heard_ms
