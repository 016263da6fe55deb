"""Why the broker cannot be used, by name and with what to do about it."""

from __future__ import annotations

import socket
import ssl

from ttsmirror.conf import conf
from ttsmirror.mqtt.account import made_account
from ttsmirror.mqtt.paho_compat import ReasonCode
from ttsmirror.reasons import Reason, reason_of

NOTHING_LISTENS = Reason("nothing listens there")
EXPIRED, NOT_YET_VALID = 10, 9
WRONG_NAME, WRONG_ADDRESS = 62, 64
UNKNOWN_ISSUER = (2, 18, 19, 20, 21)
"""OpenSSL's X509_V_ERR_… numbers of a certificate that is not trusted."""
BAD_ACCOUNT = ("Not authorized", "Bad user name or password")


def connect_failure(exc: BaseException | None, host: str, port: int) -> Reason:
    """Return why connecting raised `exc`."""
    address = f"{host}:{port}"
    if isinstance(exc, ssl.SSLCertVerificationError):
        return _bad_certificate(exc, host, address)
    if isinstance(exc, ssl.SSLError | ConnectionResetError) or "handshake" in str(exc):
        return _no_tls(address) if conf.MQTT_TLS else no_mqtt(address)
    if isinstance(exc, ConnectionRefusedError):
        cause = NOTHING_LISTENS
    elif isinstance(exc, socket.gaierror):
        cause = Reason("the name {host} is unknown: check MQTT_HOST", host=host)
    elif isinstance(exc, TimeoutError):
        cause = Reason("the computer does not answer")
    else:
        cause = reason_of(exc) if exc is not None else Reason("the connection failed")
    return Reason("no broker answers at {address}: {cause}", address=address, cause=cause)


def no_mqtt(address: str) -> Reason:
    """Return that something answers which does not speak MQTT, as far as one can tell."""
    if conf.MQTT_TLS:
        return Reason("what listens at {address} does not speak MQTT", address=address)
    return Reason(
        "what listens at {address} does not speak MQTT, or only with TLS", address=address
    )


def silent(address: str) -> Reason:
    """Return that something accepts connections and says nothing."""
    return Reason(
        "what listens at {address} does not answer: it is no MQTT broker, or it hangs",
        address=address,
    )


def refusal(reason: ReasonCode, address: str) -> Reason:
    """Return why the broker refused the connection."""
    cause = Reason(str(reason))
    if cause in BAD_ACCOUNT and conf.MQTT_USERNAME:
        cause = Reason("{cause}: check MQTT_USERNAME and MQTT_PASSWORD", cause=cause)
    elif cause in BAD_ACCOUNT and (path := made_account(address.rpartition(":")[0])):
        cause = Reason(
            "{cause}: it does not know the account in {path}: set MQTT_USERNAME and MQTT_PASSWORD,"
            " or delete that file",
            cause=cause,
            path=str(path),
        )
    elif cause in BAD_ACCOUNT:
        cause = Reason("{cause}: set MQTT_USERNAME and MQTT_PASSWORD", cause=cause)
    return Reason(
        "the broker at {address} refused the connection: {cause}", address=address, cause=cause
    )


def loss(reason: ReasonCode, address: str, client_id: str, *, is_repeated: bool) -> Reason:
    """Return why a connection was lost; `is_repeated` if others were, shortly after their start."""
    if "alive" in str(reason).lower():
        cause = Reason("it does not answer any more")
    elif is_repeated:
        cause = Reason("another client takes the name {name} again and again", name=client_id)
    else:
        cause = Reason("it was closed: the broker stopped, or another client has this name")
    return Reason(
        "the connection to the broker at {address} was lost: {cause}", address=address, cause=cause
    )


def _bad_certificate(exc: ssl.SSLCertVerificationError, host: str, address: str) -> Reason:
    if exc.verify_code == EXPIRED:
        cause = Reason("it has expired: make a new one")
    elif exc.verify_code == NOT_YET_VALID:
        cause = Reason("it is not valid yet: check the clocks of both computers")
    elif exc.verify_code in (WRONG_NAME, WRONG_ADDRESS):
        cause = Reason("{host} does not stand in it: set MQTT_HOST to a name that does", host=host)
    elif exc.verify_code in UNKNOWN_ISSUER:
        cause = Reason("MQTT_CA_CERTS does not have the authority that signed it")
    else:
        cause = Reason(exc.verify_message)
    return Reason(
        "the certificate of the broker at {address} is not accepted: {cause}",
        address=address,
        cause=cause,
    )


def _no_tls(address: str) -> Reason:
    return Reason(
        "what listens at {address} does not speak TLS: check MQTT_SSL_PORT, or unset MQTT_TLS",
        address=address,
    )
