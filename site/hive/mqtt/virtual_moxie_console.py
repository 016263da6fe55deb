"""The simulated robot at the keyboard, where the child's words are typed."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from hive.conf import conf
from hive.mqtt.virtual_moxie import VirtualMoxie

SECONDS_PER_CHARACTER = 0.06
PATIENCE_SECONDS = 3.0
"""Seconds beyond HIVE_CONFIG_DELAY_SECONDS after which the missing configuration is explained."""
LET_IN = "choose Let in on the hive's dashboard"
HELP = """\
What you type is what the child says. Commands:
  /prompt       start a conversation      /reprompt   the child says nothing
  /say WORDS    content of the robot's own, which it reports to the server
  /module ID    talk in another module    /ask NAME   schedule, mentor_behaviors or license
  /sleep /wake  fall asleep, wake up      /state      report the state now
  /help         this                      /quit       switch off (so does Ctrl-D)"""
_LABELS = {
    "connected": "connected to the broker",
    "lost": "not connected:",
    "config": "got its configuration",
    "says": "Moxie says:",
    "stops": "Moxie stops speaking",
    "sleeps": "Moxie sleeps",
    "wakes": "Moxie wakes up",
    "state": "Puppet Mode state:",
    "answer": "answer:",
}


class Simulator:
    """Runs a simulated robot. Any thread may call stop()."""

    def __init__(self, write: Callable[[str], object], **robot: Any) -> None:
        self.robot = VirtualMoxie(**robot, seconds_per_character=SECONDS_PER_CHARACTER)
        self.robot.on_event = self._show
        self._write = write
        self._last_shown = ""
        self._wake_reader, self._wake_writer = os.pipe()
        self._patience = threading.Timer(0, lambda: None)

    def run(self) -> None:
        """Connect, obey the keyboard until /quit, Ctrl-D or stop(), and disconnect."""
        self._write(f"simulated robot {self.robot.device_id}")
        self._write(HELP)
        self.robot.start()
        try:
            for line in self._lines():
                if line == "/quit":
                    return
                self._obey(line)
        finally:
            self._patience.cancel()
            self.robot.stop()
            self._write("switched off")

    def stop(self) -> None:
        """End run()."""
        os.write(self._wake_writer, b"\n")

    def _lines(self) -> Iterator[str]:
        """Yield typed lines until stop() or Ctrl-D.

        sys.stdin is not used, because a signal cannot end its readline. Without a terminal, the end
        of the input (a service's /dev/null) does not switch the robot off.
        """
        keyboard = sys.stdin.fileno()
        sources, rest = [keyboard, self._wake_reader], b""
        while True:
            ready, _writable, _broken = select.select(sources, [], [])
            if self._wake_reader in ready:
                return
            typed = os.read(keyboard, 4096)
            *lines, rest = (rest + typed).split(b"\n")
            for line in lines if typed else [rest]:
                yield line.decode("utf-8", "replace").strip()
            if not typed:
                if os.isatty(keyboard):
                    return
                sources, rest = [self._wake_reader], b""

    def _obey(self, line: str) -> None:
        robot = self.robot
        command, _space, words = line.partition(" ")
        actions: dict[str, Callable[[], object]] = {
            "/prompt": robot.prompt,
            "/reprompt": robot.reprompt,
            "/say": lambda: robot.say_own(words),
            "/module": lambda: setattr(robot, "module_id", words),
            "/ask": lambda: robot.query(words),
            "/sleep": robot.sleep,
            "/wake": robot.wake,
            "/state": robot.publish_state,
            "/help": lambda: self._write(HELP),
        }
        if not line:
            return
        if not robot.is_connected and command != "/help":
            self._write("not connected yet: not sent")
        elif line.startswith("/"):
            actions.get(command, lambda: self._write(f"{command}: unknown, try /help"))()
        else:
            robot.hear(line)

    def _explain_waiting(self) -> None:
        if self.robot.is_connected and not self.robot.config:
            self._write(f"no configuration yet: this robot waits for approval; {LET_IN}")

    def _show(self, kind: str, words: str) -> None:
        if kind == "connected":
            self._patience.cancel()
            seconds = conf.HIVE_CONFIG_DELAY_SECONDS + PATIENCE_SECONDS
            self._patience = threading.Timer(seconds, self._explain_waiting)
            self._patience.daemon = True
            self._patience.start()
        if kind not in _LABELS:
            return
        shown = f"{_LABELS[kind]} {words}".rstrip()
        # An unavailable broker is shown once, not at every attempt.
        if kind != "lost" or shown != self._last_shown:
            self._write(shown)
        self._last_shown = shown
