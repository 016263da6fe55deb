"""Ports of loopback, for measurements and tests."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator, Mapping
from itertools import chain, cycle

LOW, HIGH = 10_000, 32_000
"""Below the system's ephemeral ports, which connections may take at any moment."""


def ports_of(environment: Mapping[str, str]) -> range:
    """Return the ports of one worker of pytest-xdist; all ports without one.

    The receiver of a port may take seconds to listen on it, and a restarted broker leaves its
    port for a moment: another worker must not take it meanwhile.
    """
    count = int(environment.get("PYTEST_XDIST_WORKER_COUNT", 1))
    number = int(environment.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = (HIGH - LOW) // count
    return range(LOW + number * share, LOW + (number + 1) * share)


def _all_of(ports: range) -> Iterator[int]:
    """Yield the ports from a random one on, again and again."""
    start = random.randrange(len(ports))
    return cycle(chain(ports[start:], ports[:start]))


_ports = _all_of(ports_of(os.environ))


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
