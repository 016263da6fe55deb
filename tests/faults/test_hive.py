"""The hive's process without a broker, with a frozen one, killed and reloaded."""

from __future__ import annotations

import json
import os
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from hive.models import Robot
from hive.mqtt.virtual_moxie import OWN_MODULE, VirtualMoxie
from hive.process.supervisor import STOP_SECONDS
from tests.conftest import Broker
from tests.faults.parts import frozen, history, kill, speech_service
from tests.support.accounts import make_user
from tests.support.history import outbox_of
from tests.support.tools import (
    PATIENCE_SECONDS,
    Listener,
    Process,
    Stopwatch,
    free_port,
    manage,
    running,
    wait_until,
)
from ttsmirror.models import Utterance
from ttsmonitor.models import ApiToken

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"


@pytest.fixture
def env(broker_settings: Broker, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a hive that shares its database with this process."""
    Robot.objects.create(device_id=DEVICE, approval="approved")
    user = make_user("parent", "speak")
    return {
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
        "MOXIE_WORK_DIR": str(tmp_path / "work"),
        "HIVE_PORT": str(free_port()),
        "DEBUG": "1",
        "TOKEN": ApiToken.issue(user, "test"),
    }


def speak(env: dict[str, str], text: str) -> None:
    """Send a sentence through the API, as Puppet Mode does."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{env['HIVE_PORT']}/api/robots/{DEVICE}/speak",
        json.dumps({"text": text}).encode(),
        {"Authorization": f"Bearer {env['TOKEN']}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        assert answer.status == 202


def is_well(env: dict[str, str]) -> bool:
    """Return True if the hive reports good health."""
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{env['HIVE_PORT']}/health", timeout=PATIENCE_SECONDS
        ):
            return True
    except urllib.error.HTTPError as exc:
        exc.close()
        return False


def test_hive_waits_for_broker_and_stops_despite_frozen_one(
    env: dict[str, str], mosquitto: Broker
) -> None:
    kill(mosquitto)
    with running(manage("run_hive"), env) as hive:
        hive.wait_for_line("hive ready at")
        assert not is_well(env)
        speak(env, "sin broker")
        wait_until(lambda: outbox_of(env) == ["sin broker"], "the outbox")
        mosquitto.start()
        with speech_service():
            wait_until(lambda: history() == ["sin broker"] and not outbox_of(env), "the sentence")
            wait_until(lambda: is_well(env), "its health")
        with frozen(mosquitto):
            speak(env, "a un broker helado")
            hive.signal(signal.SIGTERM)
            with Stopwatch() as watch:
                assert hive.wait() == 0
            assert watch.seconds < STOP_SECONDS
    assert "Traceback" not in hive.output
    assert outbox_of(env) == ["a un broker helado"]


def test_killed_hive_publishes_outbox_at_next_start(env: dict[str, str], mosquitto: Broker) -> None:
    kill(mosquitto)
    with running(manage("run_hive"), env) as hive:
        hive.wait_for_line("hive ready at")
        texts = [f"Frase {number}" for number in range(3)]
        for text in texts:
            speak(env, text)
        wait_until(lambda: outbox_of(env) == texts, "the outbox")
        hive.signal(signal.SIGKILL)
        hive.wait()
    mosquitto.start()
    with speech_service(), running(manage("run_hive"), env):
        wait_until(lambda: not outbox_of(env), "the confirmations")
    assert history() == texts


def test_line_reported_after_a_restart_of_the_hive_is_not_mirrored_again(
    env: dict[str, str], mosquitto: Broker
) -> None:
    line, other = "Me lo dijo la colmena.", "Esto es mío."
    robot = VirtualMoxie(DEVICE, mosquitto.host, mosquitto.port, tls=False)
    may_speak = threading.Event()

    def hold(kind: str, words: str) -> None:
        if kind == "says":  # on the robot's own thread, before it says anything
            may_speak.wait(PATIENCE_SECONDS)

    robot.on_event = hold
    try:
        with speech_service():
            with running(manage("run_hive"), env) as hive:
                hive.wait_for_line("hive ready at")
                wait_until(lambda: is_well(env), "its subscription")
                robot.start()
                robot.wait_for(lambda robot: robot.config)
                speak(env, line)
                robot.wait_for(lambda robot: robot.spoken_commands() == [line])
                wait_until(lambda: history() == [line] and not outbox_of(env), "the confirmation")
                hive.signal(signal.SIGKILL)
                hive.wait()
            assert not robot.said
            may_speak.set()
            robot.wait_for(lambda robot: robot.said == [line])
            robot.notify(other, OWN_MODULE)
            with running(manage("run_hive"), env):
                wait_until(lambda: other in history(), "what it said of its own")
                wait_until(
                    lambda: Utterance.objects.filter(text=line, robot_confirmed=True).exists(),
                    "the mark that the robot said it",
                )
        assert history() == [line, other]
    finally:
        may_speak.set()
        robot.stop()


def test_autoreload_starts_one_publisher_per_server(
    env: dict[str, str], mosquitto: Broker, listen: Callable[..., Listener], tmp_path: Path
) -> None:
    settings = tmp_path / "reloading.py"
    settings.write_text("from openmoxie.settings import *\n")
    reloading = env | {"DJANGO_SETTINGS_MODULE": "reloading", "PYTHONPATH": str(tmp_path)}
    log = listen("$SYS/broker/log/N")

    def clients() -> list[str]:
        lines = [line.decode() for line in log.payloads("$SYS/broker/log/N")]
        return [line for line in lines if "as moxie-tts-mirror-" in line]

    with running(manage("runserver", env["HIVE_PORT"]), reloading) as server:
        server.wait_for_line("Starting")
        with speech_service():
            wait_until(lambda: answers_speech(env, "uno"), "the server")
            wait_until(lambda: history() == ["uno"], "the first sentence")
            wait_until(lambda: is_reloading(server, settings), "the reload")
            # The earlier one would take a sentence while it ends, and answer nothing.
            wait_until(lambda: server.output.count("Starting") == 2, "the next start")
            wait_until(lambda: answers_speech(env, "dos"), "the next server")
            wait_until(
                lambda: history() == ["uno", "dos"] and not outbox_of(env), "the second sentence"
            )
    wait_until(lambda: len(clients()) >= 2, "the broker's log")
    assert len(clients()) == 2


def is_reloading(server: Process, file: Path) -> bool:
    os.utime(file)  # Repeat the change: the reloader ignores a file it sees for the first time.
    return "changed, reloading" in server.output


def answers_speech(env: dict[str, str], text: str) -> bool:
    try:
        speak(env, text)
    except OSError:
        return False
    return True
