"""Check before a start that a server can listen on its port."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket

from ttsmirror.exceptions import MoxieTTSError
from ttsmirror.reasons import Reason

LOCALHOST = ("localhost", "127.0.0.1", "0.0.0.0", "::", "::1")  # noqa: S104  compared, not bound
"""Values of HTTP_HOST with which pages are served at http://localhost."""


ANSWER_SECONDS = 1.0


class ListenError(MoxieTTSError):
    """No server can listen there."""


def ensure_port_free(host: str, port: int, name: str = "HTTP_PORT") -> None:
    """Raise ListenError, with what to do, if no server can listen.

    `name` is the setting that the port comes from.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name != "nt":  # there it would share the port with a program that listens
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            raise _explain(exc, host, port, name) from exc


def answers(host: str, port: int) -> bool:
    """Return True if a program of this computer listens there."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared
    try:
        socket.create_connection((reached, port), ANSWER_SECONDS).close()
    except OSError:
        return False
    return True


def _explain(exc: OSError, host: str, port: int, name: str) -> ListenError:
    error = str(exc.strerror)
    if exc.errno == errno.EADDRINUSE:
        return ListenError(
            Reason(
                "Port {port} is in use on {host} ({error}). Stop the program that uses it, or"
                " choose another port with {setting}.",
                port=port,
                host=host,
                error=error,
                setting=name,
            )
        )
    if exc.errno == errno.EACCES:
        return ListenError(
            Reason(
                "Port {port} needs root ({error}): choose one above 1023 with {setting}.",
                port=port,
                error=error,
                setting=name,
            )
        )
    host_name = "MQTT_HOST" if name.startswith("MQTT") else "HTTP_HOST"
    return ListenError(
        Reason(
            "{setting}={host} is not an address of this computer ({error}): use one of its"
            " addresses, such as 127.0.0.1.",
            setting=host_name,
            host=host,
            error=error,
        )
    )


def loopback_address(host: str) -> str | None:
    """Return the loopback address that `host` names, None if it is another machine."""
    if host.lower() == "localhost":
        return "127.0.0.1"
    try:
        return host if ipaddress.ip_address(host).is_loopback else None
    except ValueError:
        return None
