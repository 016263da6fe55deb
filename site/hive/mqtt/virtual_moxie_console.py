"""The simulated robot at the keyboard: what is typed is what the child says."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterator
from typing import Any

from hive.mqtt.virtual_moxie import VirtualMoxie

SECONDS_PER_CHARACTER = 0.06
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
    """run() reads lines until /quit, Ctrl-D or stop(); stop() may be called from any thread."""

    def __init__(self, write: Callable[[str], object], **robot: Any) -> None:
        self.robot = VirtualMoxie(
            **robot, seconds_per_character=SECONDS_PER_CHARACTER, on_event=self._tell
        )
        self._write = write
        self._told = ""
        self._wake_reader, self._wake_writer = os.pipe()

    def run(self) -> None:
        """Be switched on, obey the keyboard, be switched off."""
        self._write(f"simulated robot {self.robot.device_id}")
        self._write(HELP)
        self.robot.start()
        try:
            for line in self._lines():
                if line == "/quit":
                    return
                self._obey(line)
        finally:
            self.robot.stop()
            self._write("switched off")

    def stop(self) -> None:
        os.write(self._wake_writer, b"\n")

    def _lines(self) -> Iterator[str]:
        """What is typed, until stop() or Ctrl-D.

        Not by sys.stdin: a signal cannot end its readline. Where nobody is at a terminal, the
        end of the input (a service's /dev/null) does not switch the robot off.
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
            self._write("not connected yet: nobody hears that")
        elif line.startswith("/"):
            actions.get(command, lambda: self._write(f"{command}: unknown, try /help"))()
        else:
            robot.hear(line)

    def _tell(self, kind: str, words: str) -> None:
        if kind not in _LABELS:
            return
        told = f"{_LABELS[kind]} {words}".rstrip()
        # A broker that is away is said once, not at every attempt.
        if kind != "lost" or told != self._told:
            self._write(told)
        self._told = told
