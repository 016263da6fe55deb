"""A publisher's process: record numbered sentences and publish them through the hive's mirror.

    python -m bench.chaos_publisher --name one --session 3 --seed 7 --rate 1.5

With `--behind 3600` its clock is an hour behind. It runs until it is ended, and is quiet once the
file `quiet` is in its work directory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import django

from bench.severable import allow_ending
from bench.texts import PARAGRAPH, TEXTS

HANDED = "handed.jsonl"
QUIET = "quiet"
DEVICES = ("d_1", "d_2", "d_3", None)
SOURCES = ("chat", "puppet_mode", "system")
LONG_ONES, HIGH_ONES, PLAIN_ONES = 0.15, 0.1, 0.2


def sentences(name: str, session: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield arguments for publish_text(), the same for the same seed, name and session."""
    chance = random.Random(f"{seed} {name} {session}")
    number = 0
    while True:
        number += 1
        text = f"{name} {session}-{number}: {chance.choice((TEXTS['short'], TEXTS['medium']))}"
        if chance.random() < LONG_ONES:
            text = f"{text} {' '.join([PARAGRAPH] * chance.randrange(1, 5))} Fin de {number}."
        said: dict[str, Any] = {"text": text, "source": chance.choice(SOURCES)}
        if chance.random() > PLAIN_ONES:
            said |= {"device_id": chance.choice(DEVICES), "mood": "happy", "intensity": 0.5}
        if chance.random() < HIGH_ONES:
            said["priority"] = "high"
        yield said | {"pause": chance.expovariate(1)}


def talk(args: argparse.Namespace, work: Path, stopping: threading.Event) -> None:
    """Publish until the process is to end."""
    from hive.mqtt.mqtt_tts_mirror import get_tts_mirror

    mirror = get_tts_mirror()
    mirror.start()  # like the hive, to publish what an earlier run left
    with (work / HANDED).open("a") as handed:
        for said in sentences(args.name, args.session, args.seed):
            pause = said.pop("pause") / args.rate
            if stopping.wait(pause) or ((work / QUIET).exists() and stopping.wait()):
                return
            said["utterance_id"] = uuid.uuid4()
            note = {"id": said["utterance_id"].hex, "session": args.session, "text": said["text"]}
            handed.write(json.dumps(note) + "\n")
            handed.flush()  # written data survives a killed process
            mirror.publish_text(**said)


def set_clock(seconds: float) -> None:
    """Have the mirror read a clock that is off by so many seconds."""
    from ttsmirror.publishing import deduplication, mirror, outgoing

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=seconds)

    for module in (deduplication, mirror, outgoing):
        setattr(module, "datetime", Clock)  # noqa: B010  not the name's own type


def main() -> None:
    allow_ending()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--name", required=True)
    parser.add_argument("--session", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--behind", type=float, default=0.0, help="seconds that its clock is off")
    parser.add_argument("--rate", type=float, required=True, help="sentences per second")
    args = parser.parse_args()
    django.setup()
    from ttsmonitor.system.signals import on_stop_signal

    set_clock(-args.behind)
    stopping = threading.Event()
    with on_stop_signal(stopping.set):
        talk(args, Path(os.environ["MOXIE_WORK_DIR"]), stopping)


if __name__ == "__main__":
    main()
