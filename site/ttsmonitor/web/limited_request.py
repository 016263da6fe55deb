"""A limit for the bodies of requests, which Daphne reads whole before Django sees anything."""

from __future__ import annotations

from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest

BODY_BYTES = 8 * 1024**2
"""Size of a body that is read. Django refuses smaller ones too, but with a page or JSON."""
REFUSAL = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class LimitedRequest(WebRequest):  # type: ignore[misc]
    """A request whose connection ends as soon as its body is over the limit."""

    _is_refused = False

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802  Twisted's name
        """Keep a part of the body, or end the connection."""
        if self._is_refused:
            return
        if self.content.tell() + len(data) <= BODY_BYTES:
            super().handleContentChunk(data)
            return
        self._is_refused = True
        self.channel.transport.write(REFUSAL)
        self.channel.loseConnection()

    def process(self) -> Any:
        """Pass the request on, unless its body was refused."""
        return None if self._is_refused else super().process()


class LimitedHTTPFactory(HTTPFactory):  # type: ignore[misc]
    """Makes connections whose requests have a limit."""

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802  Twisted's name
        """Return the protocol of a connection."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = LimitedRequest
        return protocol
