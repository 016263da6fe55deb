"""Daphne inside a management command."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import daphne.server
from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server, twisted_loop
from twisted.internet import reactor

from ttsmonitor.system.ports import LOCALHOST, ensure_port_free
from ttsmonitor.web.home_listener import HomeListener
from ttsmonitor.web.limited_request import LimitedHTTPFactory

__all__ = ["WebServer", "ensure_port_free"]

STOP_SECONDS = 2

daphne.server.HTTPFactory = LimitedHTTPFactory  # its Server has no argument for it


class WebServer:
    """An ASGI application on a port. run() blocks; stop() may be called from any thread."""

    def __init__(
        self, application: Any, host: str, port: int, *, on_ready: Callable[[], None]
    ) -> None:
        """Prepare the server; `on_ready` is called when it listens."""
        self.url = f"http://{'localhost' if host in LOCALHOST else host}:{port}/"
        self._host = host
        self._port = port
        self._server = Server(
            application=application,
            endpoints=build_endpoint_description_strings(host=host, port=port),
            signal_handlers=False,
            application_close_timeout=STOP_SECONDS,
            ready_callable=self._begin,
            server_name="moxie",
        )
        self._on_ready = on_ready

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The serving event loop, on which events are pushed to WebSockets."""
        loop: asyncio.AbstractEventLoop = twisted_loop
        return loop

    def run(self) -> None:
        """Serve until stop(). Raises ListenError if the port cannot be used."""
        ensure_port_free(self._host, self._port)
        try:
            self._server.run()
        finally:
            _end_tasks(self.loop)

    def _begin(self) -> None:
        HomeListener(self._server, self._host, self._port).start()
        self._on_ready()

    def stop(self) -> None:
        """Stop serving; run() returns."""
        reactor.callFromThread(_stop_reactor)


def _end_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel the tasks that are left, as asyncio.run() would.

    Tasks that are garbage-collected at exit have ended Python 3.11 with a segmentation fault.
    """
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=STOP_SECONDS))


def _stop_reactor() -> None:
    if reactor.running:
        reactor.stop()
