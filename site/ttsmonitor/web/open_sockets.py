"""The open WebSockets of a process, closed when the login or token behind them ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any, Protocol

from channels.db import database_sync_to_async

from ttsmirror.database import AWAY
from ttsmonitor.web.access import access_key, may_stay

logger = logging.getLogger(__name__)

CHECK_SECONDS = 2.0
"""Interval between two looks at the sessions and tokens. Another process may have ended them."""


class Socket(Protocol):
    """An open WebSocket."""

    scope: dict[str, Any]

    async def end_access(self) -> None:
        """Close the socket because its login or token has ended."""


class OpenSockets:
    """A set of open sockets. A task checks their access while there are any."""

    def __init__(self) -> None:
        """Start empty."""
        self._sockets: set[Socket] = set()
        self._checking: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Return the number of open sockets."""
        return len(self._sockets)

    def __iter__(self) -> Iterator[Socket]:
        """Iterate over the sockets of this moment."""
        return iter(list(self._sockets))

    def __contains__(self, socket: object) -> bool:
        """Return True if the socket is open."""
        return socket in self._sockets

    def add(self, socket: Socket) -> None:
        """Add a socket; call it on the serving loop."""
        self._sockets.add(socket)
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._check(), name="ttsmonitor.access")

    def discard(self, socket: Socket) -> None:
        """Forget a socket, if it is known."""
        self._sockets.discard(socket)
        if not self._sockets and self._checking is not None:
            self._checking.cancel()
            self._checking = None

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self._close_ended()
            except AWAY:
                continue  # the sessions cannot be read; the sockets stay until they can
            except Exception:
                logger.exception("the access of open sockets could not be checked")

    async def _close_ended(self) -> None:
        """Close the sockets whose access has ended; those of one session are looked up once."""
        scopes = {access_key(socket.scope): socket.scope for socket in self}
        ended = await database_sync_to_async(_ended)(scopes)
        for socket in self:
            if access_key(socket.scope) in ended:
                await socket.end_access()


def _ended(scopes: dict[object, dict[str, Any]]) -> set[object]:
    return {key for key, scope in scopes.items() if not may_stay(scope)}
