"""The announcement in the home network, by which Home Assistant finds the server."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from zeroconf import Error
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from ttsmonitor.system.ports import loopback_address
from ttsmonitor.web.home_network import home_address

logger = logging.getLogger(__name__)

KIND = "_wyoming._tcp.local."


def announced_address(host: str) -> str:
    """Return the address to announce for a server that listens on `host`; empty: none."""
    if loopback_address(host) is not None:
        return ""
    return home_address() if host in ("0.0.0.0", "::") else host  # noqa: S104  compared, not bound


def describe(port: int, addresses: list[str]) -> AsyncServiceInfo:
    """Return the announcement of the server on this computer."""
    name = f"Moxie {socket.gethostname()}".replace(".", "-")
    return AsyncServiceInfo(KIND, f"{name}.{KIND}", port=port, parsed_addresses=addresses)


@asynccontextmanager
async def announced(service: AsyncServiceInfo) -> AsyncIterator[None]:
    """Announce a server; without a network it is not announced, which is logged."""
    try:
        zeroconf = AsyncZeroconf()
    except OSError as exc:
        logger.warning("the Wyoming server is not announced: %s", exc)
        yield
        return
    try:
        await zeroconf.async_register_service(service, allow_name_change=True)
    except (OSError, Error) as exc:
        logger.warning("the Wyoming server is not announced: %s", exc)
    try:
        yield
    finally:
        await zeroconf.async_unregister_all_services()
        await zeroconf.async_close()
