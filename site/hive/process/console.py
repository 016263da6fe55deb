"""The terminal of run_all: what its processes print, without ordinary connections."""

from __future__ import annotations

import logging
import re
import threading
import time
from typing import TextIO

from ttsmonitor.system.log_format import is_json, json_line
from ttsmonitor.system.terminal import printable

logger = logging.getLogger(__name__)

# Lines that Mosquitto and our MQTT clients print at each ordinary connection. A client that is
# refused, or that comes back after a failure, is not ordinary.
ORDINARY_CONNECTION = re.compile(
    r"[\dT:-]+: New (?:client connected|connection) from .+"
    r"|[\dT:-]+: Client .+ (?:disconnected|disconnected: connection closed by client"
    r"|closed its connection|has exceeded timeout, disconnecting"
    r"|already connected, closing old connection)\."
    r"|[\d-]+ [\d:,]+ INFO ttsmirror\.mqtt\.connection: \S+ connected to the broker at \S+"
)
MOSQUITTO_LEVEL = re.compile(r"(?:[\dT:-]+: )?(Warning|Error)\b")
COLOURS = ("36", "33", "32", "35")
SYSTEM = "system"


class Console:
    """Prints lines with the time and the name of a process, or as JSON. Thread-safe.

    It outlives its terminal, so that the processes are stopped even then. It leaves out ordinary
    connections. Mosquitto could not do that: its log topic, from which the hive learns which robots
    are there, has the same lines as its console.
    """

    def __init__(self, output: TextIO) -> None:
        """Print to `output`, in colour if it is a terminal."""
        self.last_written = 0.0
        self._output: TextIO | None = output
        self._has_colours = output.isatty()
        self._is_json = is_json()
        self._colours: dict[str, str] = {}
        self._shows_connections = logger.isEnabledFor(logging.DEBUG)
        self._lock = threading.Lock()

    def write(self, line: str, name: str = SYSTEM) -> None:
        """Print a line of the process `name`."""
        line = printable(line.rstrip())
        if not self._shows_connections and ORDINARY_CONNECTION.fullmatch(line):
            return
        if not self._is_json:
            self._print(f"{self._prefix(name)}{line}")
        elif line.startswith("{"):  # a line of our own log
            self._print(line)
        else:
            level = MOSQUITTO_LEVEL.match(line)
            self._print(json_line(level[1].upper() if level else "INFO", name, line))

    def write_plain(self, text: str) -> None:
        """Print text as it is."""
        self._print(json_line("INFO", SYSTEM, text) if self._is_json else text)

    def _prefix(self, name: str) -> str:
        prefix = f"{time.strftime('%H:%M:%S')} {name:<{len(SYSTEM)}} | "
        if not self._has_colours or name == SYSTEM:
            return prefix
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        return f"\x1b[{colour}m{prefix}\x1b[0m"

    def _print(self, text: str) -> None:
        with self._lock:
            self.last_written = time.monotonic()
            if self._output is None:
                return
            try:
                print(text, file=self._output, flush=True)
            except OSError:
                self._output = None  # the terminal was closed
