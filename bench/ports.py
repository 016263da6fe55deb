"""Ports of loopback, for measurements and tests."""

from __future__ import annotations

import random
import socket
from itertools import chain, cycle

LOW, HIGH = 10_000, 32_000
"""Below those that the system gives to connections, which may come at any moment."""

_start = random.randrange(LOW, HIGH)
# Each process goes its own way, and comes to a port again when it was at all the others: who is
# given one may take seconds to listen on it.
_ports = cycle(chain(range(_start, HIGH), range(LOW, _start)))


def free_port() -> int:
    """A port of loopback that nobody listens on, and that this process was not given lately."""
    for port in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("there is always a next one")


def answers(port: int) -> bool:
    """Does something accept connections on this port?"""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
