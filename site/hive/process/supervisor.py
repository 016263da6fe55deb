"""Broker, hive and speech service under one roof: look, start, say when ready, stop in order."""

from __future__ import annotations

import contextlib
import json
import logging
import multiprocessing
import os
import shlex
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import honcho.manager
from django.conf import settings
from django.db import DatabaseError, connections

from hive.broker.run import (
    Answer,
    find_mosquitto,
    probe,
)
from hive.conf import conf as hive_conf
from hive.process.account import account_text, make_account
from hive.process.console import Console
from ttsmirror.exceptions import BrokerError
from ttsmonitor.conf import conf
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.synthesis.base import AUTO, SpeechRequest
from ttsmonitor.synthesis.choice import choose_voice
from ttsmonitor.synthesis.piper.voices import download_command
from ttsmonitor.system.lock import Service, ensure_not_running
from ttsmonitor.system.ports import ensure_port_free, loopback_address
from ttsmonitor.system.signals import STOP_SIGNALS

# What a process takes at most to stop when it has no sentence to finish, and what the speech
# service takes beside its sentence.
STOP_SECONDS = 12.0
BESIDE_SENTENCE_SECONDS = 4.0
BROKER_SECONDS = 5
READY_SECONDS = 60
POLL_SECONDS = 0.1
QUIET_SECONDS = 0.5
"""The first account is shown when nothing was printed for so long, so that it stands last,"""
RESTLESS_SECONDS = 5.0
"""or after so long in any case."""
BROKER, HIVE, SPEECH = "broker", "hive", "speech"
COMMANDS = {BROKER: "run_broker", HIVE: "run_hive", SPEECH: "run_tts_subscriber"}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """What is to be started, and what is said about the broker."""

    names: Sequence[str]
    broker: str


def plan(*, speech: bool = True) -> Plan:
    """Look for running services, at the ports and for the broker, and return what to start.

    Nothing is changed. Without `speech` the speech service is another computer's. Raises
    TTSMonitorError with what is in the way.
    """
    ours = (HIVE, SPEECH) if speech else (HIVE,)
    ensure_not_running(conf.work_dir, Service.HIVE, *((Service.SPEECH,) if speech else ()))
    ensure_port_free(conf.HTTP_HOST, hive_conf.HIVE_PORT, "HIVE_PORT")
    if speech:
        ensure_port_free(conf.HTTP_HOST, conf.HTTP_PORT, "HTTP_PORT")
    address = f"{conf.MQTT_HOST}:{conf.broker_port}"
    answer = probe()
    if answer is Answer.BROKER:
        return Plan(ours, f"{address}, which was running already")
    if answer is Answer.REFUSED:
        raise BrokerError(
            f"The broker at {address} does not let us in: check MQTT_USERNAME and MQTT_PASSWORD."
        )
    if answer is Answer.UNTRUSTED:
        raise BrokerError(
            f"The certificate of the broker at {address} is not trusted: MQTT_CA_CERTS has to name"
            " the file of the one that signed it, and MQTT_HOST a name that stands in it."
        )
    if answer is Answer.OTHER:
        raise BrokerError(
            f"What listens at {address} is no MQTT broker: stop it, or choose another port with"
            f" {'MQTT_SSL_PORT' if conf.MQTT_TLS else 'MQTT_PORT'}."
        )
    if loopback_address(conf.MQTT_HOST) is None:
        return Plan(ours, f"{address}, which does not answer yet")
    if conf.MQTT_TLS:
        raise BrokerError(
            f"No broker answers at {address}, and the one started here speaks TLS to robots only:"
            " unset MQTT_TLS."
        )
    ensure_not_running(conf.work_dir, Service.BROKER)
    kind = "Mosquitto" if find_mosquitto() else "development broker"
    return Plan((BROKER, *ours), f"{address}, {kind}; robots: port {conf.MQTT_SSL_PORT}")


def stop_seconds() -> float:
    """How long all of it may take to stop, before what is left is killed."""
    return max(STOP_SECONDS, conf.TTS_DRAIN_SECONDS + BESIDE_SENTENCE_SECONDS)


class Supervisor(honcho.manager.Manager):  # type: ignore[misc]
    """honcho's manager, which stops the broker last and knows an accident from a wish to stop."""

    def __init__(self, broker: str) -> None:
        super().__init__(Console(sys.stdout))
        self._stop_seconds = stop_seconds()
        honcho.manager.KILL_WAIT = self._stop_seconds + 1
        self._broker = broker
        self._wished = False
        self._terminating = False
        self._ended = threading.Event()

    def run(self, names: Sequence[str]) -> int:
        """Start these and wait until all have ended. The exit code: 0 after a clean stop."""
        manage = Path(settings.PROJECT_ROOT) / "manage.py"
        for name in names:
            command = [sys.executable, "-u", str(manage), COMMANDS[name]]
            self.add_process(name, f"exec {shlex.join(command)}")
        try:
            self.loop()
        finally:
            self._ended.set()
        # Who was asked to stop before it could handle the signal was ended by it.
        clean = (0, -signal.SIGTERM)
        failed = [n for n, state in self._processes.items() if state["returncode"] not in clean]
        if self._wished and failed:
            self._system_print(f"{', '.join(failed)} did not stop cleanly\n")
        return 0 if self._wished and not failed else 1

    def terminate(self) -> None:
        """Ask hive and speech service to stop, then the broker, over which they say goodbye."""
        if self._terminating:
            return
        self._terminating = True
        if not self._wished:
            self._report_accident()
        threading.Thread(target=self._stop_in_order, name="hive.stop", daemon=True).start()

    def _start(self) -> None:
        # In place of honcho's own, which would wait for ever for a process that does not listen;
        # a closed terminal is a wish to stop too.
        for number in (*STOP_SIGNALS, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        for name, state in list(self._processes.items()):
            if self._wished:
                del self._processes[name]  # nobody waits for what never starts
                continue
            state["process"] = multiprocessing.Process(
                name=name, target=state["obj"].run, args=(self.events, True)
            )
            state["process"].start()
            if name == BROKER:
                self._wait_for_broker(state["process"])
        # Not before the processes: a fork takes no threads along.
        # No daemon: the password of an account that was made is shown, whatever else ends.
        threading.Thread(target=self._announce, name="hive.announce").start()

    def _wait_for_broker(self, process: multiprocessing.Process) -> None:
        """Let it be there before the others come: who meets none tries again seconds later."""
        deadline = time.monotonic() + BROKER_SECONDS
        while process.is_alive() and not self._wished and time.monotonic() < deadline:
            if probe() is Answer.BROKER:
                return
            time.sleep(POLL_SECONDS)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._wished:
            self.kill()
            return
        self._wished = True
        self._system_print("stopping; once more to force it\n")
        self.terminate()

    def _stop_in_order(self) -> None:
        deadline = time.monotonic() + self._stop_seconds
        self._stop((HIVE, SPEECH), deadline - 1)
        self._stop(tuple(COMMANDS), deadline)
        for name in self._running(*COMMANDS):
            self._system_print(
                f"{name} did not stop in {self._stop_seconds:.0f} s, so it is killed\n"
            )
        self.kill()

    def _stop(self, names: Sequence[str], deadline: float) -> None:
        asked: set[str] = set()
        while (running := self._running(*names)) and time.monotonic() < deadline:
            for name in running:
                if name not in asked and "pid" in self._processes[name]:
                    asked.add(name)
                    _ask_to_stop(self._processes[name]["pid"])
            time.sleep(POLL_SECONDS)

    def _running(self, *names: str) -> list[str]:
        """Those of them that have not ended; they may not have started yet."""
        return [n for n, s in list(self._processes.items()) if n in names and "returncode" not in s]

    def _report_accident(self) -> None:
        for name, state in self._processes.items():
            if "returncode" in state:
                code = state["returncode"]
                self._system_print(f"{name} ended by itself, exit code {code}: stopping the rest\n")

    def _killall(self, force: bool = False) -> None:
        for name in self._running(*COMMANDS):
            if "pid" in self._processes[name]:
                self._procmgr.kill(self._processes[name]["pid"])

    def _announce(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        has_speech = SPEECH in self._processes
        waiting = ["the broker", "the hive", *(["the speech service"] if has_speech else [])]
        while waiting and not (self._terminating or self._ended.is_set()):
            if time.monotonic() > deadline:
                self._system_print(f"not ready after {READY_SECONDS} s: {', '.join(waiting)}\n")
                break
            waiting = [name for name in waiting if not _is_ready(name)]
            self._ended.wait(POLL_SECONDS)
        if self._terminating:
            return
        # Made this late, so that a start that fails does not show it once and for nobody.
        account = first_account()
        if account:
            self._wait_for_quiet()
        ready = "" if waiting else summary(self._broker, speech=has_speech)
        if ready or account:
            print(ready + account, flush=True)  # noqa: T201  its terminal is the user's

    def _wait_for_quiet(self) -> None:
        deadline = time.monotonic() + RESTLESS_SECONDS
        while not self._ended.is_set() and time.monotonic() < deadline:
            if time.monotonic() - self._printer.last_written > QUIET_SECONDS:
                return
            self._ended.wait(POLL_SECONDS)


def _ask_to_stop(pid: int) -> None:
    # Not the whole group, as honcho does: the speech service finishes its sentence with the help of
    # its synthesis process, and ends that itself.
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def _is_ready(name: str) -> bool:
    if name == "the broker":
        return probe() is Answer.BROKER
    return _answers() if name == "the hive" else _listens()


def _answers() -> bool:
    """Does the login page come? It needs the whole process, and nobody's permission."""
    url = f"{_url(hive_conf.HIVE_PORT)}accounts/login/"
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310
    except urllib.error.HTTPError as exc:
        return exc.code < 500
    except OSError:
        return False
    return True


def _listens() -> bool:
    """Is the speech service at the broker? What a new broker is given before is for nobody."""
    try:
        with urllib.request.urlopen(f"{_url(conf.HTTP_PORT)}health", timeout=5) as answer:  # noqa: S310
            content = answer.read()
    except urllib.error.HTTPError as exc:
        content = exc.read()  # something else is not well, which it will say itself
    except OSError:
        return False
    with contextlib.suppress(ValueError, LookupError, TypeError):
        return bool(json.loads(content)["checks"]["broker"]["ok"])
    return False


def _url(port: int) -> str:
    """The address of a page on this machine."""
    everywhere = conf.HTTP_HOST in ("127.0.0.1", "0.0.0.0", "::", "::1")  # noqa: S104  compared
    host = "localhost" if everywhere else conf.HTTP_HOST
    return f"http://{host}:{port}/"


def summary(broker: str, *, speech: bool) -> str:
    """What the user can do now."""
    monitor = _url(conf.HTTP_PORT) if speech else "on the computer with the speech service"
    lines = [
        "",
        "Moxie is ready. Ctrl-C stops it.",
        f"  Puppet Mode, admin   {_url(hive_conf.HIVE_PORT)}",
        f"  live monitor         {monitor}",
        f"  broker               {broker}",
    ]
    if speech and not has_voice():
        lang, command = conf.TTS_LANG, download_command(conf.TTS_LANG, conf.TTS_VOICE)
        lines.append(f"  voice                espeak; a natural one of {lang}: {command}")
    return "\n".join([*lines, ""])


def first_account() -> str:
    """Create the first account and return what is shown of it; empty where there is one already."""
    try:
        password = make_account()
    except DatabaseError as exc:
        logger.warning("the first account could not be made: %s", exc)
        return ""
    finally:
        connections.close_all()  # those of this thread
    return "" if password is None else account_text(password, hive_conf.HIVE_PORT)


def has_voice() -> bool:
    """Return True if a natural voice of TTS_LANG is installed, whatever TTS_ENGINE says."""
    config = replace(engine_config(), engine=AUTO)
    return not choose_voice(config, SpeechRequest("")).is_fallback
