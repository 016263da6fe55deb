"""Find out what answers at the broker's address."""

from __future__ import annotations

import ssl
import time
from enum import Enum

import paho.mqtt.client as paho

from ttsmirror.conf import conf
from ttsmirror.mqtt.client import new_client
from ttsmirror.mqtt.paho_compat import ReasonCode, listen

PROBE_SECONDS = 3


class Answer(Enum):
    """The kind of answer from the broker's address."""

    NOTHING = "nothing"
    BROKER = "broker"
    REFUSED = "refused"
    """A broker that refuses our account."""
    UNTRUSTED = "untrusted"
    """A broker whose certificate is not trusted."""
    OTHER = "other"
    """Something that does not speak MQTT."""


def probe() -> Answer:
    """Connect to the broker's address as a client does, and return the kind of answer.

    Raises BrokerError if MQTT_CA_CERTS cannot be read.
    """
    client = new_client("")
    client.connect_timeout = PROBE_SECONDS
    answers: list[Answer] = []

    def connected(_client: paho.Client, reason: ReasonCode, _has_session: bool) -> None:
        answers.append(Answer.REFUSED if reason.is_failure else Answer.BROKER)

    listen(
        client,
        connected=connected,
        disconnected=lambda reason: None,
        subscribed=lambda mid, reasons: None,
    )
    try:
        client.connect(conf.MQTT_HOST, conf.broker_port)
    except ssl.SSLCertVerificationError:
        return Answer.UNTRUSTED
    except (ssl.SSLError, ConnectionResetError):
        return Answer.OTHER
    except OSError:
        return Answer.NOTHING
    deadline = time.monotonic() + PROBE_SECONDS
    while not answers and time.monotonic() < deadline:
        if client.loop(0.1) != paho.MQTT_ERR_SUCCESS:
            break
    client.disconnect()
    return answers[0] if answers else Answer.OTHER
