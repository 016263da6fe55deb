"""The Wyoming server: it listens, is announced, and ends with a stop signal."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from functools import partial

from wyoming.server import AsyncTcpServer

from ttsmonitor.integrations.wyoming.announcement import announced, announced_address, describe
from ttsmonitor.integrations.wyoming.handler import Handler
from ttsmonitor.integrations.wyoming.speech_client import SpeechClient
from ttsmonitor.system.ports import ensure_port_free
from ttsmonitor.system.signals import on_stop_signal

logger = logging.getLogger(__name__)


def serve(host: str, port: int, client: SpeechClient) -> None:
    """Serve until a stop signal, announced if other computers reach it. Raises ListenError."""
    ensure_port_free(host, port, "WYOMING_PORT")
    stopping = asyncio.Event()
    with asyncio.Runner() as runner:
        loop = runner.get_loop()

        def stop() -> None:
            loop.call_soon_threadsafe(stopping.set)

        with on_stop_signal(stop):
            runner.run(_serve(host, port, client, stopping))


async def _serve(host: str, port: int, client: SpeechClient, stopping: asyncio.Event) -> None:
    server = AsyncTcpServer(host, port)
    await server.start(partial(Handler, client=client))
    async with AsyncExitStack() as stack:
        if address := announced_address(host):
            await stack.enter_async_context(announced(describe(port, [address])))
        logger.info("Wyoming server ready at %s:%d", host, port)
        await stopping.wait()
        logger.info("stopping")
    await server.stop()
