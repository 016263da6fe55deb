"""An OpenAI-compatible endpoint that answers as scripted: slowly, wrongly, or not at all."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Piece = str | bytes | int | threading.Event
"""Words to stream; bytes to send as they are; a status to fail with; an event to wait for."""


class ModelStub:
    """A scripted model: `answer()` queues answers; without any it sends `usual`."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.usual: tuple[Piece, ...] = ("Me gusta. ", "¿Y ", "tú?")
        self.finish_reason = "stop"
        self.closing = threading.Event()
        self._answers: deque[tuple[Piece, ...]] = deque()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def answer(self, *pieces: Piece) -> None:
        """Queue the answer to the next question."""
        self._answers.append(pieces)

    def messages(self, number: int = -1) -> list[tuple[str, str]]:
        """Return the messages of a request as (role, text), without the prompt."""
        sent = self.requests[number]["messages"][1:]
        return [(each["role"], each["content"]) for each in sent]

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    def _take(self, request: dict[str, Any], key: str | None) -> tuple[Piece, ...]:
        self.requests.append(request)
        self.keys.append(key)
        return self._answers.popleft() if self._answers else self.usual

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                request = json.loads(self.rfile.read(length))
                pieces = stub._take(request, self.headers["Authorization"])
                try:
                    if request.get("stream"):
                        self._stream(pieces)
                    else:
                        self._send_whole(pieces)
                except OSError:
                    pass  # the client has disconnected

            def _send_whole(self, pieces: tuple[Piece, ...]) -> None:
                if pieces and isinstance(pieces[0], int):
                    self.send_error(pieces[0])
                    return
                words = ""
                body = b""
                for piece in pieces:
                    if isinstance(piece, threading.Event):
                        self._wait(piece)
                    elif isinstance(piece, bytes):
                        body += piece
                    else:
                        words += str(piece)
                message = {"role": "assistant", "content": words}
                choice = {"index": 0, "message": message, "finish_reason": stub.finish_reason}
                answer = {
                    "id": "stub",
                    "object": "chat.completion",
                    "created": 0,
                    "model": "stub",
                    "choices": [choice],
                }
                body = body or json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _wait(self, event: threading.Event) -> None:
                while not event.wait(0.02) and not stub.closing.is_set():
                    pass

            def _stream(self, pieces: tuple[Piece, ...]) -> None:
                if pieces and isinstance(pieces[0], int):
                    self.send_error(pieces[0])
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                for piece in pieces:
                    if isinstance(piece, threading.Event):
                        self._wait(piece)
                    elif isinstance(piece, bytes):
                        self.wfile.write(piece)
                    else:
                        self._event({"content": piece}, None)
                self._event({}, stub.finish_reason)
                self.wfile.write(b"data: [DONE]\n\n")

            def _event(self, delta: dict[str, Any], reason: str | None) -> None:
                choice = {"index": 0, "delta": delta, "finish_reason": reason}
                event = {
                    "id": "stub",
                    "object": "chat.completion.chunk",
                    "created": 0,
                    "model": "stub",
                    "choices": [choice],
                }
                self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())

        return Handler


@contextmanager
def serving_model() -> Iterator[ModelStub]:
    """Run the endpoint within the block."""
    stub = ModelStub()
    try:
        yield stub
    finally:
        stub.close()
