"""Check before a start that a server can listen on its port."""

from __future__ import annotations

import errno
import ipaddress
import socket

from ttsmirror.exceptions import MoxieTTSError

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
    if exc.errno == errno.EADDRINUSE:
        return ListenError(
            f"Port {port} is in use on {host} ({exc.strerror}). Stop the program that uses it,"
            f" or choose another port with {name}."
        )
    if exc.errno == errno.EACCES:
        return ListenError(
            f"Port {port} needs root ({exc.strerror}): choose one above 1023 with {name}."
        )
    host_name = "MQTT_HOST" if name.startswith("MQTT") else "HTTP_HOST"
    return ListenError(
        f"{host_name}={host} is not an address of this computer ({exc.strerror}): use one of its"
        " addresses, such as 127.0.0.1."
    )


def loopback_address(host: str) -> str | None:
    """Return the loopback address that `host` names, None if it is another machine."""
    if host.lower() == "localhost":
        return "127.0.0.1"
    try:
        return host if ipaddress.ip_address(host).is_loopback else None
    except ValueError:
        return None
