"""A client of the speech service: its voices, and sound as it is made."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from ttsmirror.exceptions import MoxieTTSError
from ttsmirror.reasons import Reason

PART_BYTES = 16_384
PATIENCE_SECONDS = 200.0
"""Time limit for an answer; the speech service waits almost as long for its voice."""


class SpeechServiceError(MoxieTTSError):
    """The speech service gave no sound."""


class SpeechClient:
    """Asks the speech service at a URL, with a token. Serves any number of requests at once."""

    def __init__(self, url: str, token: str) -> None:
        """Take the address of the monitor, as in `http://127.0.0.1:8787`."""
        parts = urlsplit(url)
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._address = parts.netloc
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.url = url

    async def voices(self) -> list[dict[str, Any]]:
        """Return the installed voices. Raises SpeechServiceError."""
        parts = [part async for part in self._answer("GET", "/v1/audio/voices")]
        listed: list[dict[str, Any]] = json.loads(b"".join(parts))["voices"]
        return listed

    def sound(self, text: str, **options: Any) -> AsyncIterator[bytes]:
        """Return the sound of a text as 16-bit mono PCM, in parts of whole samples.

        Close the iterator to have the rest not made. It raises SpeechServiceError.
        """
        order = {"input": text, "response_format": "pcm"} | options
        return self._samples(json.dumps(order).encode())

    async def _samples(self, body: bytes) -> AsyncIterator[bytes]:
        held = b""
        parts = self._answer("POST", "/v1/audio/speech", body)
        try:
            async for part in parts:
                held += part
                whole = len(held) // 2 * 2
                yield held[:whole]
                held = held[whole:]
        finally:
            await parts.aclose()

    async def _answer(self, method: str, path: str, body: bytes | None = None) -> Any:
        connection = self._kind(self._address, timeout=PATIENCE_SECONDS)
        opened: socket.socket | None = None
        try:
            await asyncio.to_thread(connection.connect)
            opened = connection.sock
            response = await asyncio.to_thread(self._ask, connection, method, path, body)
            while part := await asyncio.to_thread(response.read1, PART_BYTES):
                yield part
        except (OSError, HTTPException) as exc:
            raise SpeechServiceError(
                Reason("the speech service at {url} does not answer", url=self.url)
            ) from exc
        finally:
            if opened is not None:  # a thread may still be reading
                with suppress(OSError):
                    opened.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _ask(
        self, connection: HTTPConnection, method: str, path: str, body: bytes | None
    ) -> HTTPResponse:
        connection.request(method, path, body, self._headers)
        response = connection.getresponse()
        if response.status != 200:
            raise SpeechServiceError(_refusal(response.read()))
        return response


def _refusal(body: bytes) -> str:
    with suppress(ValueError, LookupError, TypeError):
        return str(json.loads(body)["error"]["message"])
    return Reason("the speech service gave an answer that cannot be read")
