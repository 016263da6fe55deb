"""Whether phones and other computers at home may open the pages: off until a person allows it."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable
from pathlib import Path

from ttsmonitor.conf import conf
from ttsmonitor.system.commands import MANAGE

OPEN_FILE = "home_network"
"""The file in the work directory that is there while the pages are open to the home network. Hive
and speech service of one computer share it."""
ELSEWHERE = ("192.0.2.1", 9)
"""An address on the other side of the router. Nothing is sent to it."""

_appliers: list[Callable[[], str]] = []


def is_open() -> bool:
    """Return True if the pages are to be open to the home network."""
    return _path().exists()


def set_open(is_wanted: bool) -> str:
    """Open the pages to the home network, or close them; return what hinders it.

    Another process of this computer follows within seconds. Raises OSError if the choice cannot be
    stored.
    """
    if is_wanted:
        _path().touch(mode=0o600)
    else:
        _path().unlink(missing_ok=True)
    return next(filter(None, [apply() for apply in _appliers]), "")


def call_on_change(apply: Callable[[], str]) -> None:
    """Have `apply` called after each choice; it returns what hinders it, or nothing."""
    _appliers.append(apply)


def home_address() -> str:
    """Return the IPv4 address of this computer in its home network; empty if it is in none.

    An address that the internet could reach is none of a home network.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)  # sends nothing: it only chooses the network
        except OSError:
            return ""
        address = ipaddress.ip_address(probe.getsockname()[0])
    is_at_home = address.is_private and not (address.is_loopback or address.is_link_local)
    return str(address) if is_at_home else ""


def is_in_container() -> bool:
    """Return True in our image: its network address is of no use to a phone."""
    return os.environ.get(MANAGE, "").startswith("docker ")


def _path() -> Path:
    return conf.work_dir / OPEN_FILE
