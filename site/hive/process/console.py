"""The terminal of run_all: what its processes print, without ordinary connections."""

from __future__ import annotations

import logging
import re
import threading
import time
from typing import TextIO

from ttsmonitor.system.log_format import is_journal, is_json, journal_line, json_line
from ttsmonitor.system.terminal import printable

logger = logging.getLogger(__name__)

# Lines that Mosquitto and our MQTT clients print at each ordinary connection. A client that is
# refused, or that comes back after a failure, is not ordinary.
ORDINARY_CONNECTION = re.compile(
    r"[\dT:-]+: New (?:client connected|connection) from .+"
    r"|[\dT:-]+: Client .+ (?:disconnected|disconnected: connection closed by client"
    r"|closed its connection|has exceeded timeout, disconnecting"
    r"|already connected, closing old connection)\."
    r"|(?:[\d-]+ [\d:,]+ INFO |<6>)ttsmirror\.mqtt\.connection: \S+ connected to the broker at \S+"
)
SHOWN_LEVEL = re.compile(
    r"(?:[\dT:-]+: )?(Warning(?!: ACL pattern)|Error|CommandError|Traceback)\b"
)
"""Of lines that are not our log's: Mosquitto's, and why a process could not start."""
MOSQUITTO_TIME = re.compile(r"[\dT:-]{19}: ")
PRIORITY = re.compile(r"(<[0-7]>)(.*)")
COLOURS = ("36", "33", "32", "35")
SYSTEM = "system"


class Console:
    """Prints lines with the time and the name of a process, or as LOG_FORMAT has it. Thread-safe.

    It outlives its terminal, so that the processes are stopped even then. It leaves out ordinary
    connections. Mosquitto could not do that: its log topic, from which the hive learns which robots
    are there, has the same lines as its console.
    """

    def __init__(self, output: TextIO) -> None:
        """Print to `output`, in colour if it is a terminal."""
        self.last_written = 0.0
        self._output: TextIO | None = output
        self._has_colours = output.isatty()
        self._is_json, self._is_journal = is_json(), is_journal()
        self._colours: dict[str, str] = {}
        self._shows_connections = logger.isEnabledFor(logging.DEBUG)
        self._lock = threading.Lock()

    def write(self, line: str, name: str = SYSTEM, level: str = "INFO") -> None:
        """Print a line of the process `name`; `level` is for one that shows none."""
        line = printable(line.rstrip())
        if not self._shows_connections and ORDINARY_CONNECTION.fullmatch(line):
            return
        if shown := SHOWN_LEVEL.match(line):
            level = "WARNING" if shown[1] == "Warning" else "ERROR"
        if self._is_journal:
            self._print(_for_journal(level, name, line))
        elif not self._is_json:
            self._print(f"{self._prefix(name)}{line}")
        elif line.startswith("{"):  # a line of our own log
            self._print(line)
        else:
            self._print(json_line(level, name, line))

    def warn(self, line: str) -> None:
        """Print a line of ours that somebody may have to act upon."""
        self.write(line, level="WARNING")

    def write_plain(self, text: str) -> None:
        """Print text as it is."""
        if self._is_journal:
            text = "\n".join(journal_line("INFO", line) for line in text.split("\n"))
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


def _for_journal(level: str, name: str, line: str) -> str:
    """Return the line without a time of its own; one of our log has its priority already."""
    if ours := PRIORITY.fullmatch(line):
        return f"{ours[1]}{name} | {ours[2]}"
    return journal_line(level, f"{name} | {MOSQUITTO_TIME.sub('', line, count=1)}")
