"""The simulated robot at the keyboard, where the child's words are typed."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from hive.conf import conf
from hive.mqtt.virtual_moxie import VirtualMoxie
from ttsmonitor.system.terminal_command import in_terminal_language

SECONDS_PER_CHARACTER = 0.06
PATIENCE_SECONDS = 3.0
"""Seconds beyond HIVE_CONFIG_DELAY_SECONDS after which the missing configuration is explained."""
HELP = gettext_lazy(
    """\
What you type is what the child says. Commands:
  /prompt       start a conversation      /reprompt   the child says nothing
  /say WORDS    content of the robot's own, which it reports to the server
  /module ID    talk in another module    /ask NAME   schedule, mentor_behaviors or license
  /sleep /wake  fall asleep, wake up      /state      report the state now
  /help         this                      /quit       switch off (so does Ctrl-D)"""
)
_LABELS = {
    "connected": gettext_noop("connected to the broker"),
    "lost": gettext_noop("not connected:"),
    "config": gettext_noop("got its configuration"),
    "says": gettext_noop("Moxie says:"),
    "stops": gettext_noop("Moxie stops speaking"),
    "sleeps": gettext_noop("Moxie sleeps"),
    "wakes": gettext_noop("Moxie wakes up"),
    "state": gettext_noop("Puppet Mode state:"),
    "answer": gettext_noop("answer:"),
}


def how_to_let_in() -> str:
    """Return what to do for a robot that waits for approval."""
    return _("choose Let in on the Robots page")


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
        self._write(_("simulated robot {id}").format(id=self.robot.device_id))
        self._write(str(HELP))
        self.robot.start()
        try:
            for line in self._lines():
                if line == "/quit":
                    return
                self._obey(line)
        finally:
            self._patience.cancel()
            self.robot.stop()
            self._write(_("switched off"))

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
            "/help": lambda: self._write(str(HELP)),
        }
        if not line:
            return
        if not robot.is_connected and command != "/help":
            self._write(_("not connected yet: not sent"))
        elif line.startswith("/"):
            actions.get(
                command,
                lambda: self._write(_("{command}: unknown, try /help").format(command=command)),
            )()
        else:
            robot.hear(line)

    def _explain_waiting(self) -> None:
        """Say what a robot waits for, in a thread of its own."""
        if self.robot.is_connected and not self.robot.config:
            with in_terminal_language():
                words = _("no configuration yet: this robot waits for approval; {hint}")
                self._write(words.format(hint=how_to_let_in()))

    def _show(self, kind: str, words: str) -> None:
        if kind == "connected":
            self._patience.cancel()
            seconds = conf.HIVE_CONFIG_DELAY_SECONDS + PATIENCE_SECONDS
            self._patience = threading.Timer(seconds, self._explain_waiting)
            self._patience.daemon = True
            self._patience.start()
        if kind not in _LABELS:
            return
        with in_terminal_language():  # in a thread of its own
            shown = f"{_(_LABELS[kind])} {words}".rstrip()
        # An unavailable broker is shown once, not at every attempt.
        if kind != "lost" or shown != self._last_shown:
            self._write(shown)
        self._last_shown = shown
