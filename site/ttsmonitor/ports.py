"""Is a port free? Asked before a server starts, so that the answer is a sentence."""

from __future__ import annotations

import socket

from ttsmonitor.exceptions import TTSMonitorError


class PortInUseError(TTSMonitorError):
    """The port is in use."""


def ensure_port_free(host: str, port: int, name: str = "HTTP_PORT") -> None:
    """Raise PortInUseError, with what to do about it, where another program listens on the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            raise PortInUseError(
                f"Port {port} is in use on {host} ({exc.strerror}). Stop the program that has it,"
                f" or choose another port with {name}."
            ) from exc
