"""One interface for paho-mqtt 2 and 1.6, which an OpenMoxie may have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import paho.mqtt.client as paho

FAILURE = 128
"""Lowest return code that is a refusal (MQTT 3.1.1, SUBACK)."""


class ReasonCode(Protocol):
    """The reason code of a broker or of paho; `str()` is for people."""

    @property
    def is_failure(self) -> bool:
        """True if the request was refused or the connection failed."""
        ...


@dataclass(frozen=True)
class OldReason:
    """A numeric code of paho 1.6 as a ReasonCode."""

    is_failure: bool
    words: str

    def __str__(self) -> str:
        return self.words


class Client(paho.Client):
    """A client whose network loop gives signs of life, about one a second."""

    on_loop: Callable[[], None] | None = None

    def loop_misc(self) -> Any:
        """Do what paho does in each round of its network loop."""
        if self.on_loop is not None:
            self.on_loop()
        return super().loop_misc()


def is_old() -> bool:
    """Return True for a paho older than 2, whose callbacks take other arguments."""
    return not hasattr(paho, "CallbackAPIVersion")


def make_client(client_id: str, *, clean_session: bool, manual_ack: bool) -> Client:
    """Create a client for MQTT 3.1.1. Manual acknowledgement needs paho 2."""
    options: dict[str, Any] = {"client_id": client_id, "clean_session": clean_session}
    if is_old():
        return Client(**options)
    version = paho.CallbackAPIVersion.VERSION2  # type: ignore[attr-defined]
    return Client(version, manual_ack=manual_ack, **options)


def listen(
    client: Any,
    *,
    connected: Callable[[paho.Client, ReasonCode, bool], None],
    disconnected: Callable[[ReasonCode], None],
    subscribed: Callable[[int, Sequence[ReasonCode]], None],
) -> None:
    """Register callbacks that are the same for both versions.

    `connected` is also told whether the broker has kept a session of this client.
    """
    if not is_old():
        client.on_connect = lambda client, data, flags, reason, more: connected(
            client, reason, flags.session_present
        )
        client.on_disconnect = lambda client, data, flags, reason, more: disconnected(reason)
        client.on_subscribe = lambda client, data, mid, reasons, more: subscribed(mid, reasons)
        return

    def old_connect(client: paho.Client, data: Any, flags: Any, code: int) -> None:
        reason = OldReason(code != 0, paho.connack_string(code))
        connected(client, reason, bool(flags.get("session present")))

    def old_disconnect(client: paho.Client, data: Any, code: int) -> None:
        disconnected(OldReason(code != 0, paho.error_string(code)))

    def old_subscribe(client: paho.Client, data: Any, mid: int, codes: Sequence[int]) -> None:
        subscribed(mid, [OldReason(code >= FAILURE, f"code {code}") for code in codes])

    client.on_connect = old_connect
    client.on_disconnect = old_disconnect
    client.on_subscribe = old_subscribe
