"""Whether phones and other computers at home may open the pages: off until a person allows it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path

from ttsmonitor.conf import conf
from ttsmonitor.system.ports import loopback_address
from ttsmonitor.system.private_files import write_private

OPEN_FILE = "home_network"
"""The file in the work directory that is there while the pages are open to the home network; it
holds scheme and address. Hive and speech service of one computer share it."""
HTTP, HTTPS = "http", "https"
CERTIFICATES = "web"
"""The directory in the work directory with the authority that signs the pages' certificates."""
ELSEWHERE = ("192.0.2.1", 9)
"""An address on the other side of the router. Nothing is sent to it."""
NETWORK_BITS = 24
"""Length of the prefix that the addresses of a home network share, as routers give them."""

_appliers: list[Callable[[], str]] = []


def chosen_scheme() -> str:
    """Return the scheme with which the pages are to be open; empty if they are closed."""
    return _choice()[0]


def served_address() -> str:
    """Return the address under which the pages are to be open now; empty if they are closed.

    A computer that is carried into another network does not open them there.
    """
    scheme, chosen = _choice()
    address = home_address() if scheme else ""
    if not address or not chosen:
        return address
    try:
        network = ipaddress.ip_network(f"{chosen}/{NETWORK_BITS}", strict=False)
    except ValueError:  # somebody edited the file
        return ""
    return address if ipaddress.ip_address(address) in network else ""


def choose(scheme: str) -> None:
    """Open the pages to the home network, or close them if `scheme` is empty.

    Another process of this computer follows within seconds. Raises OSError if the choice cannot be
    stored.
    """
    if scheme:
        write_private(_path(), f"{scheme} {home_address()}".encode())
    else:
        _path().unlink(missing_ok=True)
    follow()


def follow() -> str:
    """Have this process follow the choice now; return what hinders it."""
    return next(filter(None, [apply() for apply in _appliers]), "")


def call_on_change(apply: Callable[[], str]) -> None:
    """Have `apply` called after each choice; it returns what hinders it, or nothing."""
    _appliers.append(apply)


def home_address() -> str:
    """Return the IPv4 address of this computer in its home network; empty if it is in none.

    An address that the internet could reach is none of a home network.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(ELSEWHERE)  # sends nothing: it only chooses the network
            address = ipaddress.ip_address(probe.getsockname()[0])
    except OSError:
        return ""
    is_at_home = address.is_private and not (address.is_loopback or address.is_link_local)
    return str(address) if is_at_home else ""


def is_local(host: str) -> bool:
    """Return True for a name or address of this computer that only it can reach."""
    return loopback_address(host.strip("[]")) is not None


def certificates() -> Path:
    """Return the directory of the certificates."""
    return conf.work_dir / CERTIFICATES


def _choice() -> tuple[str, str]:
    """Return the chosen scheme, and the address of this computer at that moment."""
    try:
        scheme, _space, address = _path().read_text().strip().partition(" ")
    except (OSError, UnicodeDecodeError):  # missing, or damaged
        return "", ""
    return HTTPS if scheme == HTTPS else HTTP, address


def _path() -> Path:
    return conf.work_dir / OPEN_FILE
