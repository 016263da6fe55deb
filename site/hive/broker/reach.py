"""The addresses of this computer at which a robot may look for it."""

from __future__ import annotations

import socket


def is_own_address(host: str) -> bool:
    """Return True if this computer has this IPv4 address now."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True
