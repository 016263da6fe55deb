"""`manage.py run_tts_subscriber` as a process, with real signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.tools import (
    Listener,
    manage,
    running,
    wait_until,
)

PRESENCE = "moxie/system/health/tts-subscriber"
STORY = "Había una vez un robot que quería bailar, y un pingüino que quería aprender a volar."
"""It is heard for five seconds: no stall of the test is as long."""


@pytest.fixture
def environment(install: Callable[..., dict[str, str]]) -> dict[str, str]:
    return install(TTS_ENGINE="espeak", TTS_AUDIO="null")


def history(environment: dict[str, str]) -> dict[str, str]:
    """Return text and status of every row."""
    with sqlite3.connect(Path(environment["MOXIE_WORK_DIR"]) / "moxie.sqlite3") as database:
        rows = database.execute("select text, status from ttsmonitor_utterance").fetchall()
    database.close()
    return dict(rows)


def events(listener: Listener) -> list[str]:
    told = [json.loads(payload) for payload in listener.payloads("moxie/tts/status")]
    return [each["event"] for each in told if "event" in each]


def is_online(listener: Listener) -> bool:
    """Return True if the service's birth message has arrived."""
    told = listener.payloads(PRESENCE)
    return bool(told) and json.loads(told[-1])["status"] == "online"


def test_sigterm_finishes_current_sentence_and_keeps_the_next(
    environment: dict[str, str], listen: Callable[..., Listener]
) -> None:
    listener = listen("moxie/tts/status", PRESENCE)
    with running(manage("run_tts_subscriber"), environment) as process:
        wait_until(lambda: is_online(listener), "the service's birth")
        listener.publish("moxie/tts/text", STORY)
        listener.publish("moxie/tts/text", "Y esta es para luego.")
        wait_until(lambda: "playing" in events(listener))
        wait_until(lambda: len(history(environment)) == 2, "both in the history")
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
        assert "Traceback" not in process.output
    assert history(environment) == {STORY: "spoken", "Y esta es para luego.": "queued"}
    wait_until(lambda: not is_online(listener), "its goodbye")
    with running(manage("run_tts_subscriber"), environment):
        wait_until(lambda: history(environment)["Y esta es para luego."] == "spoken")


def test_signal_to_process_group_does_not_cut_sentence(
    environment: dict[str, str], listen: Callable[..., Listener]
) -> None:
    """A supervisor, systemd and a terminal signal the whole group."""
    listener = listen("moxie/tts/status", PRESENCE)
    with running(manage("run_tts_subscriber"), environment) as process:
        wait_until(lambda: is_online(listener), "the service's birth")
        listener.publish("moxie/tts/text", STORY)
        wait_until(lambda: "playing" in events(listener))
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait() == 0
    assert history(environment) == {STORY: "spoken"}


def test_port_in_use_is_reported_without_traceback(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environment["HTTP_PORT"]))):
        with running(manage("run_tts_subscriber"), environment) as process:
            assert process.wait() == 1
    assert f"Port {environment['HTTP_PORT']} is in use" in process.output
    assert "HTTP_PORT" in process.output
    assert "Traceback" not in process.output
