"""The terminal of run_all: what its processes print, without ordinary connections."""

from __future__ import annotations

import logging
import re
import time
from typing import Any, TextIO

from honcho.printer import Printer

logger = logging.getLogger(__name__)

# What Mosquitto's console and our MQTT clients say at every ordinary connection. A client that is
# turned away, or that comes back after a failure, is not ordinary.
ORDINARY_CONNECTION = re.compile(
    r"[\dT:-]+: New (?:client connected|connection) from .+"
    r"|[\dT:-]+: Client .+ (?:disconnected|disconnected: connection closed by client"
    r"|closed its connection|has exceeded timeout, disconnecting"
    r"|already connected, closing old connection)\."
    r"|[\d-]+ [\d:,]+ INFO ttsmonitor\.mqtt\.connection: \S+ connected to the broker at \S+"
)


class Console(Printer):  # type: ignore[misc]
    """A printer that outlives its terminal, so that what was started is stopped.

    It leaves out ordinary connections. Mosquitto cannot: its log topic, from which the hive learns
    which robots are there, has the same lines as its console.
    """

    def __init__(self, output: TextIO) -> None:
        super().__init__(output)
        self.last_written = 0.0
        self._shows_connections = logger.isEnabledFor(logging.DEBUG)

    def write(self, message: Any) -> None:
        if not self._shows_connections and is_ordinary_connection(message.data):
            return
        self.last_written = time.monotonic()
        try:
            super().write(message)
        except OSError:
            self.output = open("/dev/null", "w")


def is_ordinary_connection(line: bytes | str) -> bool:
    """Return True for a line of the log that only says that a client came or went."""
    text = line.decode(errors="replace") if isinstance(line, bytes) else line
    return ORDINARY_CONNECTION.fullmatch(text.rstrip()) is not None
