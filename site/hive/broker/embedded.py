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
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amqtt.broker import Broker, BrokerContext
from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BasePlugin, BaseTopicPlugin

from hive.broker.mosquitto_config import ANYBODY, Account, ensure_certificate
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


class AccountPlugin(BaseAuthPlugin):  # type: ignore[misc]
    """Lets only the account of the settings in, or everybody if there is none.

    It replaces amqtt's anonymous plugin, whose sessions are never durable.
    """

    @dataclass
    class Config:
        """The account; none is needed if `username` is empty."""

        username: str = ""
        password: str = ""

    async def authenticate(self, *, session: Any) -> bool:
        """Return True for the right account."""
        if not self.config.username:
            return True
        given = f"{session.username}\0{session.password}".encode()
        wanted = f"{self.config.username}\0{self.config.password}".encode()
        return hmac.compare_digest(given, wanted)


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
        if session.will_flag and not is_own_topic(session.client_id, session.will_topic):
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
        is_robot = session is not None and session.attributes.get(ROBOTS)
        return not is_robot or is_own_topic(session.client_id, topic or "")


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


def is_own_topic(device_id: str, topic: str) -> bool:
    """Return True for a topic or topic filter below the robot's own topics."""
    return topic.startswith(f"/devices/{device_id}/")


class _Subscriptions(dict[str, Any]):
    """A dict that may change during iteration."""

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().keys()))

    def items(self) -> Any:
        """Return the items as they are now."""
        return dict(super().items()).items()


class _Broker(Broker):  # type: ignore[misc]
    """amqtt's broker with three patches that its plugin interface has no place for."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        # amqtt awaits while it iterates over its subscriptions. One that is added meanwhile would
        # end the loop with a RuntimeError and leave a client connected that receives nothing.
        self._subscriptions = _Subscriptions()

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
        account: Account = ANYBODY,
    ) -> None:
        certificate, key = ensure_certificate(directory)
        address = f"[{host}]" if ":" in host else host
        self._config = {
            "listeners": {
                "default": {"type": "tcp", "bind": f"{address}:{port}"},
                ROBOTS: {
                    "type": "tcp",
                    "bind": f"{address}:{tls_port}",
                    "ssl": True,
                    "certfile": str(certificate),
                    "keyfile": str(key),
                },
            },
            "plugins": {
                f"{__name__}.AccountPlugin": asdict(account),
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
