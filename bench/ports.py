"""Ports of loopback, for measurements and tests."""

from __future__ import annotations

import random
import socket
from itertools import chain, cycle

LOW, HIGH = 10_000, 32_000
"""Below the system's ephemeral ports, which connections may take at any moment."""

_start = random.randrange(LOW, HIGH)
# Each process starts at a random port and repeats none before all others were used: the
# receiver of a port may take seconds to listen on it.
_ports = cycle(chain(range(_start, HIGH), range(LOW, _start)))


def free_port() -> int:
    """Return a free loopback port that this process did not get recently."""
    for port in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("there is always a next one")


def answers(port: int) -> bool:
    """Return True if something accepts connections on this port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
