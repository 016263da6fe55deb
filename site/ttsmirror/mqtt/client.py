"""MQTT clients configured by the settings."""

from __future__ import annotations

import socket
from typing import Any

import paho.mqtt.client as paho

from ttsmirror.conf import conf
from ttsmirror.exceptions import BrokerError
from ttsmirror.mqtt.account import current_login
from ttsmirror.mqtt.paho_compat import Client, make_client


def new_client(
    client_id: str, *, host: str = "", clean_session: bool = True, manual_ack: bool = False
) -> Client:
    """Create a client with account and TLS for the broker at `host`; it is not connected.

    Raises BrokerError if the certificates cannot be read.
    """
    client = make_client(client_id, clean_session=clean_session, manual_ack=manual_ack)
    secure(client, host)
    client.on_socket_open = lambda client, userdata, connection: send_at_once(connection)
    return client


def secure(client: paho.Client, host: str = "") -> None:
    """Give a client account and TLS. Raises BrokerError if the certificates cannot be read."""
    log_in(client, host)
    if conf.MQTT_TLS:
        _encrypt(client)


def log_in(client: paho.Client, host: str = "") -> None:
    """Give a client the account for the broker at `host`; MQTT_HOST if it is empty."""
    username, password = current_login(host)
    client.username_pw_set(username or None, password or None)


def _encrypt(client: paho.Client) -> None:
    try:
        client.tls_set(ca_certs=conf.ca_certs)
    except OSError as exc:
        raise BrokerError(
            f"MQTT_CA_CERTS={conf.MQTT_CA_CERTS} cannot be read ({exc.strerror or exc})."
        ) from exc


def send_at_once(connection: Any) -> None:
    """Send small messages at once; else the second of two waits for the answer to the first."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
