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
from ttsmonitor.web import home_network
from ttsmonitor.web.home_certificate import tls_options

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
        self._needs_listener = home_network.is_local(host)
        self._opened: tuple[str, str] | None = None
        """Scheme and address of the last update()."""
        self._address = ""
        self._allowed: list[tuple[list[str], str]] = []
        """Settings, and what was added to them."""
        self._listening: Any = None
        self._context = copy_context()

    def start(self) -> None:
        """Follow the choice from now on."""
        home_network.call_on_change(self._apply)
        LoopingCall(self._look).start(LOOK_SECONDS)

    def _look(self) -> None:
        try:
            self.update()
        except Exception:  # a LoopingCall ends for good with the first one
            logger.exception("the home network could not be looked at")

    def update(self) -> str:
        """Listen where the choice and the address of this computer say; return what hinders it."""
        scheme = home_network.chosen_scheme()
        wanted = (scheme, home_network.served_address()) if scheme else None
        if wanted != self._opened or self.error:
            self._close()
            if wanted and wanted[1]:
                self._open(*wanted)
            else:
                self.error = ""
            self._opened = wanted
        return self.error

    def _apply(self) -> str:
        """Run update() from another thread.

        Its context is not the caller's: all connections to come would inherit the caller's request.
        """
        error: str = blockingCallFromThread(reactor, self._context.run, self.update)
        return error

    def _open(self, scheme: str, address: str) -> None:
        if self._needs_listener:
            try:
                self._listening = self._listen(scheme, address)
            except (CannotListenError, OSError) as exc:
                self._fail(address, exc)
                return
        self.error = ""
        self._address = address
        self._allow(settings.ALLOWED_HOSTS, address)
        if scheme == home_network.HTTPS:
            # A WebSocket does not tell whether it came over TLS.
            self._allow(settings.CSRF_TRUSTED_ORIGINS, f"https://{address}:{self._port}")
        logger.info("the pages are open to the home network at %s port %d", address, self._port)

    def _listen(self, scheme: str, address: str) -> Any:
        factory = self._server.http_factory
        if scheme == home_network.HTTP:
            return reactor.listenTCP(self._port, factory, interface=address)
        options = tls_options(home_network.certificates(), address)
        return reactor.listenSSL(self._port, factory, options, interface=address)

    def _allow(self, setting: list[str], value: str) -> None:
        if value not in setting:
            setting.append(value)
            self._allowed.append((setting, value))

    def _fail(self, address: str, exc: CannotListenError | OSError) -> None:
        cause = exc.socketError if isinstance(exc, CannotListenError) else exc
        error = Reason(
            "port {port} of {address} cannot be used: {cause}",
            port=self._port,
            address=address,
            cause=reason_of(cause),
        )
        if error != self.error:
            logger.warning("%s", error)
        self.error = error

    def _close(self) -> None:
        """Stop listening, and end what is connected, WebSockets included."""
        for setting, value in self._allowed:
            setting.remove(value)
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
                transport.abortConnection()  # TLS would wait for an answer
