"""The development broker: amqtt in this process, on loopback, for machines without Mosquitto.

Its sessions and retained messages are in memory only; after a restart the outbox publishes again.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amqtt.adapters import ReaderAdapter, WriterAdapter
from amqtt.broker import Broker, BrokerContext
from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BasePlugin, BaseTopicPlugin

from hive.broker.access import READ, WRITE, Access, covers, may_be_retained
from hive.broker.certificates import ensure_certificate
from hive.broker.limits import (
    LOCAL_CONNECTIONS,
    PACKET_BYTES,
    QUEUED_BYTES,
    QUEUED_MESSAGES,
    ROBOT_CONNECTIONS,
)
from hive.models import DEVICE_ID
from ttsmirror.exceptions import BrokerError
from ttsmirror.version import VERSION
from ttsmirror.wire.fields import dump, format_time
from ttsmirror.wire.messages import HEALTH_TOPIC

logger = logging.getLogger(__name__)

LOG_TOPIC = "$SYS/broker/log/N"
SYS_SECONDS = 10
STOP_SECONDS = 5
ROBOTS = "robots"
"""The name of the robots' listener, and of the attribute of sessions that came over it."""
WAITING = "waiting"
"""The name of a session's attribute with the bytes that wait for it."""


class AccountPlugin(BaseAuthPlugin, BaseTopicPlugin):  # type: ignore[misc]
    """Checks the account of each client that is no robot, and its rules.

    It replaces amqtt's anonymous plugin, whose sessions are never durable.
    """

    @dataclass
    class Config:
        """The accounts and their rules."""

        access: Access

    async def authenticate(self, *, session: Any) -> bool:
        """Return True for the right account, and for a client without one where that may be."""
        if session.attributes.get(ROBOTS):
            return True
        if session.will_flag and not self._allows(session, WRITE, session.will_topic):
            logger.warning("refused %.100r: its last will is denied", session.client_id)
            return False
        if not session.username:
            return bool(self.config.access.anonymous)
        given = f"{session.username}\0{session.password}".encode()
        wanted = (f"{each.username}\0{each.password}" for each in self.config.access.accounts)
        return any(hmac.compare_digest(given, each.encode()) for each in wanted)

    async def topic_filtering(
        self, *, session: Any = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        """Return True if the session may publish, subscribe to or receive this topic.

        A subscription that reaches beyond the session's rules is refused as a whole, because
        nobody asks about retained messages.
        """
        if session is None or session.attributes.get(ROBOTS):
            return True
        return self._allows(session, WRITE if action is Action.PUBLISH else READ, topic or "")

    def _allows(self, session: Any, access: str, topic: str) -> bool:
        return bool(self.config.access.allows(session.username or "", access, topic))


class RobotAccessPlugin(BaseAuthPlugin, BaseTopicPlugin):  # type: ignore[misc]
    """Restricts each client of the robots' port to the topics of the robot whose id it has."""

    async def authenticate(self, *, session: Any) -> bool:
        """Return False for a client id that is no robot's, and for a foreign last will."""
        if not session.attributes.get(ROBOTS):
            return True
        if not re.fullmatch(DEVICE_ID, session.client_id or ""):
            logger.warning("refused %.100r on the robots' port: no robot's id", session.client_id)
            return False
        # amqtt publishes a last will without asking topic_filtering().
        if session.will_flag and not _may_publish(session.client_id, session.will_topic):
            logger.warning("refused %s: its last will is not on its own topics", session.client_id)
            return False
        return True

    async def topic_filtering(
        self, *, session: Any = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        """Return True if the session may publish, subscribe to or receive this topic.

        It is not asked about retained messages, so a subscription that reaches beyond a robot's
        own topics is refused as a whole.
        """
        if session is None or not session.attributes.get(ROBOTS):
            return True
        if action is Action.PUBLISH:
            return _may_publish(session.client_id, topic or "")
        return (topic or "").startswith(f"/devices/{session.client_id}/")


class LogTopicPlugin(BasePlugin[BrokerContext]):  # type: ignore[misc]
    """Publishes who connects and disconnects, on Mosquitto's log topic and in its words."""

    async def on_broker_client_connected(self, client_id: str, client_session: Any) -> None:
        """Publish a connect."""
        address = f"{client_session.remote_address}:{client_session.remote_port}"
        details = f"p2, c{int(bool(client_session.clean_session))}, k{client_session.keep_alive}"
        await self._publish(f"New client connected from {address} as {client_id} ({details}).")

    async def on_broker_client_disconnected(self, client_id: str, client_session: Any) -> None:
        """Publish a disconnect."""
        await self._publish(f"Client {client_id} closed its connection.")

    async def _publish(self, line: str) -> None:
        logger.debug("%s", line)
        await self.context.broadcast_message(LOG_TOPIC, f"{int(time.time())}: {line}".encode())


def _may_publish(device_id: str, topic: str) -> bool:
    own = f"/devices/{device_id}"
    return topic == f"{own}/state" or covers(f"{own}/events/+", topic)


class _Subscriptions(dict[str, Any]):
    """A dict that may change during iteration."""

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().keys()))

    def items(self) -> Any:
        """Return the items as they are now."""
        return dict(super().items()).items()


class _BoundedReader(ReaderAdapter):  # type: ignore[misc]
    """Ends a connection that announces a packet over the limit, before it is read."""

    def __init__(self, reader: ReaderAdapter, writer: WriterAdapter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self, n: int = -1) -> bytes:
        """Read `n` bytes, which amqtt takes from the packet's header."""
        if n > PACKET_BYTES:
            await self._writer.close()
            raise ConnectionResetError(f"a packet of {n} bytes is over the limit")
        return bytes(await self._reader.read(n))

    def feed_eof(self) -> None:
        """Mark the end of the stream."""
        self._reader.feed_eof()


class _Broker(Broker):  # type: ignore[misc]
    """amqtt's broker with patches that its plugin interface has no place for."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        # amqtt awaits while it iterates over its subscriptions. One that is added meanwhile would
        # end the loop with a RuntimeError and leave a client connected that receives nothing.
        self._subscriptions = _Subscriptions()

    async def _client_connected(
        self, listener_name: str, reader: ReaderAdapter, writer: WriterAdapter
    ) -> None:
        await super()._client_connected(listener_name, _BoundedReader(reader, writer), writer)

    async def retain_message(
        self, source_session: Any, topic_name: str | None, data: Any, qos: int | None = None
    ) -> None:
        """Keep a message for later subscribers, if it is of a topic whose newest is kept."""
        if may_be_retained(topic_name or "") or source_session is None:
            await super().retain_message(source_session, topic_name, data, qos)

    async def _retain_broadcast_message(
        self, broadcast: dict[str, Any], qos: int, target_session: Any
    ) -> None:
        # Messages that wait for a client that is away.
        waiting, attributes = target_session.retained_messages, target_session.attributes
        size = len(broadcast["data"]) + (0 if waiting.empty() else attributes.get(WAITING, 0))
        if waiting.qsize() < QUEUED_MESSAGES and size <= QUEUED_BYTES:
            attributes[WAITING] = size
            await super()._retain_broadcast_message(broadcast, qos, target_session)

    async def _authenticate(self, session: Any, listener: Any) -> bool:
        # amqtt does not pass the listener of a client to plugins.
        session.attributes[ROBOTS] = listener is self.listeners_config[ROBOTS]
        return bool(await super()._authenticate(session, listener))

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Any
    ) -> None:
        # amqtt calls it at each connect for the subscriptions of all clients, not of this one.
        if any(known is session for known, _qos in self._subscriptions.get(subscription[0], ())):
            await super()._publish_retained_messages_for_subscription(subscription, session)


class EmbeddedBroker:
    """amqtt on loopback. run() blocks; stop() may be called from any thread."""

    kind = "development"

    def __init__(
        self,
        directory: Path,
        *,
        host: str,
        port: int,
        tls_port: int,
        access: Access,
    ) -> None:
        certificate, key = ensure_certificate(directory)
        address = f"[{host}]" if ":" in host else host
        self._config = {
            "listeners": {
                "default": {
                    "type": "tcp",
                    "bind": f"{address}:{port}",
                    "max_connections": LOCAL_CONNECTIONS,
                },
                ROBOTS: {
                    "type": "tcp",
                    "bind": f"{address}:{tls_port}",
                    "ssl": True,
                    "certfile": str(certificate),
                    "keyfile": str(key),
                    "max_connections": ROBOT_CONNECTIONS,
                },
            },
            "plugins": {
                f"{__name__}.AccountPlugin": {"access": access},
                f"{__name__}.RobotAccessPlugin": {},
                f"{__name__}.LogTopicPlugin": {},
                "amqtt.plugins.sys.broker.BrokerSysPlugin": {"sys_interval": SYS_SECONDS},
            },
        }
        self._address = f"{host}:{port}"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopped = threading.Event()

    def run(self) -> None:
        """Serve until stop(). Raises BrokerError if it cannot listen."""
        try:
            asyncio.run(self._serve())
        except OSError as exc:
            raise BrokerError(f"The development broker cannot listen: {exc}") from exc

    def stop(self) -> None:
        """End run(). Idempotent."""
        self._stopped.set()
        loop, stop = self._loop, self._stop
        if loop is not None and stop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)

    async def _serve(self) -> None:
        self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        broker = _Broker(self._config)
        await broker.start()
        await broker.retain_message(None, f"{HEALTH_TOPIC}/broker", self._presence(), 1)
        logger.info(
            "development broker (amqtt) on %s: for trying things out, not for a household;"
            " install mosquitto for that",
            self._address,
        )
        if not self._stopped.is_set():
            await self._stop.wait()
        try:
            await asyncio.wait_for(broker.shutdown(), STOP_SECONDS)
        except TimeoutError:
            logger.warning("the development broker did not stop within %d s", STOP_SECONDS)

    def _presence(self) -> bytes:
        presence = {
            "status": "online",
            "component": "broker",
            "version": VERSION,
            "kind": self.kind,
            "timestamp": format_time(datetime.now(UTC)),
        }
        return dump(presence)
