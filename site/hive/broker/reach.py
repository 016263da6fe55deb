"""Find out whether a robot in the home network can reach the broker that runs here."""

from __future__ import annotations

import socket

CONNECT_SECONDS = 1.0


def listens(host: str, port: int) -> bool:
    """Return True if a program listens at this address of this computer.

    It says nothing about a firewall, which only another computer meets.
    """
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def is_own_address(host: str) -> bool:
    """Return True if this computer has this IPv4 address now."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True
