"""Serve the pages on the home network too, while a person allows it."""

from __future__ import annotations

import logging
from contextvars import copy_context
from typing import Any

from daphne.server import Server
from django.conf import settings
from twisted.internet import reactor
from twisted.internet.error import CannotListenError
from twisted.internet.task import LoopingCall
from twisted.internet.threads import blockingCallFromThread

from ttsmirror.reasons import Reason, reason_of
from ttsmonitor.system.ports import loopback_address
from ttsmonitor.web import home_network

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""Interval between two looks at the choice, which another process may have changed, and at the
address of this computer, which the router may have changed."""
GOODBYE_SECONDS = 1.0
"""Time for the last answers before the connections of a closed network end."""


class HomeListener:
    """The second address of a web server, and its place in ALLOWED_HOSTS.

    Its methods run on the reactor's thread. A server that listens beyond loopback already gets the
    place in ALLOWED_HOSTS only.
    """

    def __init__(self, server: Server, host: str, port: int) -> None:
        """Take a server that listens on `host`."""
        self.error = ""
        self._server = server
        self._port = port
        self._needs_listener = loopback_address(host) is not None
        self._address = ""
        self._allowed: list[str] = []
        self._listening: Any = None
        self._context = copy_context()

    def start(self) -> None:
        """Follow the choice from now on."""
        home_network.call_on_change(self._apply)
        LoopingCall(self.update).start(LOOK_SECONDS)

    def update(self) -> str:
        """Listen where the choice and the address of this computer say; return what hinders it."""
        wanted = home_network.home_address() if home_network.is_open() else ""
        if wanted != self._address or self.error:
            self._close()
            if wanted:
                self._open(wanted)
            else:
                self.error = ""
        return self.error

    def _apply(self) -> str:
        """Run update() from another thread.

        Its context is not the caller's: all connections to come would inherit the caller's request.
        """
        error: str = blockingCallFromThread(reactor, self._context.run, self.update)
        return error

    def _open(self, address: str) -> None:
        self._address = address
        if self._needs_listener:
            try:
                self._listening = reactor.listenTCP(
                    self._port, self._server.http_factory, interface=address
                )
            except CannotListenError as exc:
                self._fail(address, exc)
                return
        self.error = ""
        if address not in settings.ALLOWED_HOSTS:
            settings.ALLOWED_HOSTS.append(address)
            self._allowed = [address]
        logger.info("the pages are open to the home network at %s port %d", address, self._port)

    def _fail(self, address: str, exc: CannotListenError) -> None:
        error = Reason(
            "port {port} of {address} cannot be used: {cause}",
            port=self._port,
            address=address,
            cause=reason_of(exc.socketError),
        )
        if error != self.error:
            logger.warning("%s", error)
        self.error = error

    def _close(self) -> None:
        """Stop listening, and end what is connected, WebSockets included."""
        for address in self._allowed:
            settings.ALLOWED_HOSTS.remove(address)
        self._allowed = []
        if self._listening is not None:
            self._listening.stopListening()
            self._listening = None
            reactor.callLater(GOODBYE_SECONDS, self._disconnect, self._address)
            logger.info("the pages are closed to the home network at %s", self._address)
        self._address = ""

    def _disconnect(self, address: str) -> None:
        if address == self._address:
            return  # it was opened again
        for protocol in list(self._server.connections):
            transport = protocol.transport
            if transport is not None and transport.getHost().host == address:
                transport.loseConnection()

