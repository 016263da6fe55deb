"""The commands of the specification, run in a terminal exactly as written."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Broker
from tests.support.sound import read_wav
from tests.support.tools import (
    Process,
    manage,
    running,
    wait_until,
)

PUBLISH = 'echo "Test message" | mosquitto_pub -h localhost -p {port} -t "moxie/tts/text" -l'
WATCH = 'exec mosquitto_sub -h localhost -p {port} -t "moxie/+/+" -v'


@pytest.fixture
def recordings(install: Callable[..., dict[str, str]], tmp_path: Path) -> Iterator[Path]:
    """Run a speech service and yield the directory of its recordings."""
    environment = install(
        TTS_ENGINE="espeak",
        TTS_AUDIO="null,wav",  # in real time, with a file
        TTS_WAV_DIR=str(tmp_path / "wav"),
    )
    with running(manage("run_tts_subscriber"), environment) as service:
        service.wait_for_line("connected to the broker")
        yield tmp_path / "wav"


@pytest.fixture
def watching(mosquitto: Broker, recordings: Path) -> Iterator[Process]:
    with running(["bash", "-c", WATCH.format(port=mosquitto.port)]) as process:
        # The retained message shows that it is subscribed.
        process.wait_for_line("moxie/tts/status ")
        yield process


def statuses(watching: Process) -> list[dict[str, Any]]:
    """Return the messages seen on moxie/tts/status, oldest first."""
    lines = [line.partition(" ") for line in list(watching.lines)]
    return [json.loads(payload) for topic, _space, payload in lines if topic == "moxie/tts/status"]


def test_test_message_is_spoken_and_seen(
    mosquitto: Broker, recordings: Path, watching: Process
) -> None:
    command = PUBLISH.format(port=mosquitto.port)
    subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True, timeout=30)
    wait_until(lambda: "spoken" in [each.get("event") for each in statuses(watching)], "the end")

    # The message was seen in the specification's form.
    assert "moxie/tts/text Test message" in watching.lines
    (playing,) = [each for each in statuses(watching) if each.get("event") == "playing"]
    assert playing["status"] == "playing"
    assert playing["current_text"] == "Test message"
    assert playing["queue_size"] == 0
    age = datetime.now(UTC) - datetime.fromisoformat(playing["timestamp"])
    assert timedelta(0) <= age < timedelta(minutes=1)
    events = [each["event"] for each in statuses(watching) if each.get("id") == playing["id"]]
    assert events == ["stored", "playing", "spoken"]

    # The message was spoken.
    (path,) = recordings.glob("*.wav")
    samples, rate = read_wav(path)
    assert len(samples) / rate > 0.3
    assert int(np.abs(samples).max()) > 5_000
