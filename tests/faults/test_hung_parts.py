"""Threads of the services that hang or die: named, healed, or restarted by the watchdog."""

from __future__ import annotations

import ctypes
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import Broker
from tests.faults.parts import Proxy
from tests.support.debugger import stopped_thread
from tests.support.history import wait_for
from tests.support.hive import connected_hive
from tests.support.tools import PATIENCE_SECONDS, Listener, Process, get_json, running, wait_until
from ttsmirror.models import Utterance
from ttsmonitor.service.service import SpeechService
from ttsmonitor.system.watchdog import EXIT_CODE

Status = Utterance.Status
TEXT_TOPIC = "moxie/tts/text"
QUICK_AND_NAMES_ITS_THREADS = """
import json, sys, threading
sys.path.insert(0, "site")
import django
django.setup()
from ttsmirror import heartbeat
from ttsmonitor.system import watchdog

def name_threads():
    for line in sys.stdin:
        watchdog.RESTART_TICKS = int(line)
        print(json.dumps({each.name: each.native_id for each in threading.enumerate()}), flush=True)

heartbeat.STALLED_SECONDS = 2.0
watchdog.TICK_SECONDS, watchdog.RESTART_TICKS = 0.1, 10_000
threading.Thread(target=name_threads, daemon=True).start()
from openmoxie.commandline import main
main(["manage.py", *sys.argv[1:]])
"""
WATCHDOG_TICKS = 10
THREADS_OF_SPEECH = (
    "ttsmonitor.speaker",
    "ttsmonitor.text_consumer",
    "ttsmonitor.control_consumer",
    "ttsmonitor.recorder",
    "paho-mqtt-client-moxie-tts-subscriber",
)
THREADS_OF_HIVE = ("hive.robots", "hive.database", "paho-mqtt-client-moxie-hive")


class Service:
    """A service in a process of its own whose threads a debugger can stop."""

    def __init__(self, process: Process, port: str) -> None:
        self.process = process
        self._port = port
        self._threads: dict[str, int] = {}
        self.set_patience(10_000)

    def set_patience(self, ticks: int) -> None:
        """Have the watchdog end the process after so many ticks with a fault."""
        known = len(self._answers)
        self.process.type(str(ticks))
        wait_until(lambda: len(self._answers) > known, "the names of the threads")
        self._threads = json.loads(self._answers[-1])

    @property
    def _answers(self) -> list[str]:
        return [line for line in self.process.lines if line.startswith("{")]

    def thread(self, name: str) -> int:
        """Return the native id of the first thread whose name begins so."""
        return next(number for known, number in self._threads.items() if known.startswith(name))

    def failing(self) -> str:
        """Return the details of the failing checks."""
        checks = get_json(f"http://127.0.0.1:{self._port}/health")["checks"].values()
        return "; ".join(check["detail"] for check in checks if not check["ok"])

    def wait_for(self, failure: str) -> None:
        """Wait until a failing check names this, or until none fails if it is empty."""
        wait_until(
            lambda: failure in self.failing() if failure else not self.failing(),
            failure or "a healthy service",
        )


@contextmanager
def started(command: str, ready: str, environment: dict[str, str], port: str) -> Iterator[Service]:
    code = [sys.executable, "-c", QUICK_AND_NAMES_ITS_THREADS, command]
    with running(code, environment) as process:
        process.wait_for_line(ready)
        service = Service(process, environment[port])
        service.wait_for("")
        yield service


@pytest.mark.faults
@pytest.mark.parametrize(
    ("command", "ready", "port", "threads"),
    [
        ("run_tts_subscriber", "speech service ready", "HTTP_PORT", THREADS_OF_SPEECH),
        ("run_hive", "hive ready", "HIVE_PORT", THREADS_OF_HIVE),
    ],
    ids=["speech", "hive"],
)
def test_stalled_thread_is_named_and_ends_in_a_restart(
    install: Callable[..., dict[str, str]],
    command: str,
    ready: str,
    port: str,
    threads: tuple[str, ...],
) -> None:
    environment = install(DEBUG="1", MOXIE_REQUIRE_LOGIN="0", TTS_ENGINE="espeak", TTS_AUDIO="null")
    with started(command, ready, environment, port) as service:
        for name in threads[1:]:
            with stopped_thread(service.thread(name)):
                service.wait_for(name)
            service.wait_for("")
        service.set_patience(WATCHDOG_TICKS)
        with stopped_thread(service.thread(threads[0])):
            assert service.process.wait() == EXIT_CODE
        last = [line for line in service.process.lines if "CRITICAL" in line]
        assert len(last) == 1 and threads[0] in last[0] and "started again" in last[0]


def kill_thread(thread: threading.Thread) -> None:
    """Raise SystemExit in a thread, where an exception of a callback would be."""
    assert thread.ident is not None
    raised = ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit)
    )
    assert raised == 1
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def network_thread(client: str) -> threading.Thread:
    name = f"paho-mqtt-client-{client}"
    return wait_until(
        lambda: [each for each in threading.enumerate() if each.name.startswith(name)], name
    )[0]


@pytest.mark.faults
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.django_db(transaction=True)
def test_dead_network_thread_is_replaced_and_no_sentence_is_lost(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("ttsmonitor.service.health.LOOK_SECONDS", 1.5)
    service, sender = make_service("null"), listen()
    wait_until(lambda: service.health()["ok"], "a healthy start")

    def broker() -> dict[str, Any]:
        return dict(service.health()["checks"]["broker"])

    def ended() -> str:
        return "".join(line for line in caplog.messages if "ended" in line)

    kill_thread(network_thread("moxie-tts-subscriber"))
    wait_until(lambda: "-moxie-tts-subscriber" in ended(), "its end to be named")
    for text in ("Uno.", "Dos."):
        sender.publish(TEXT_TOPIC, text)
    wait_until(lambda: broker()["ok"], "a new network thread")
    for text in ("Uno.", "Dos."):
        wait_for(text, Status.SPOKEN)
    assert Utterance.objects.count() == 2


@pytest.mark.faults
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.django_db(transaction=True)
def test_hive_replaces_its_dead_network_threads(
    quick: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsmonitor.service.health.LOOK_SECONDS", 0.1)
    with connected_hive() as hive:
        wait_until(lambda: hive.health()["checks"]["robots"]["ok"], "a healthy start")
        for client in ("moxie-hive", "moxie-tts-mirror"):
            kill_thread(network_thread(client))
            wait_until(lambda: hive.health()["ok"] and hive.is_ready, f"a new thread of {client}")


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_half_open_link_is_noticed_and_replaced(
    make_service: Callable[..., SpeechService],
    quick: Broker,
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MQTT_KEEPALIVE", "1")
    proxy = Proxy(quick)
    monkeypatch.setenv("MQTT_PORT", str(proxy.port))
    try:
        service, sender = make_service("null"), listen()
        wait_until(lambda: service.health()["ok"], "a healthy start")
        link = service._subscriber.connection
        before = link.number
        proxy.drop_packets()
        sender.publish(TEXT_TOPIC, "Hola.")
        wait_until(lambda: link.number > before, "the loss to be noticed")
        wait_for("Hola.", Status.SPOKEN)
        wait_until(lambda: service.health()["checks"]["broker"]["ok"], "its recovery")
    finally:
        proxy.close()
