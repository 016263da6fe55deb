"""Decide what run_all starts, after a look at what is running already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from hive.broker.probe import Answer, probe
from hive.broker.run import find_mosquitto
from hive.conf import conf as hive_conf
from ttsmirror.exceptions import BrokerError
from ttsmirror.mqtt.account import made_account
from ttsmirror.reasons import Reason
from ttsmonitor.conf import conf
from ttsmonitor.system.lock import Service, ensure_not_running
from ttsmonitor.system.ports import ensure_port_free, loopback_address

BROKER, HIVE, SPEECH, WYOMING = "broker", "hive", "speech", "wyoming"


@dataclass(frozen=True)
class Plan:
    """The processes to start, and the words for the broker in the summary."""

    names: Sequence[str]
    broker: str


def make_plan(*, speech: bool = True) -> Plan:
    """Check locks, ports and the broker, and return the processes to start. Change nothing.

    With `speech=False` the speech service runs on another computer. Raises MoxieTTSError with the
    obstacle.
    """
    names = (HIVE, SPEECH) if speech else (HIVE,)
    ensure_not_running(conf.work_dir, Service.HIVE, *((Service.SPEECH,) if speech else ()))
    ensure_port_free(conf.HTTP_HOST, hive_conf.HIVE_PORT, "HIVE_PORT")
    if speech:
        ensure_port_free(conf.HTTP_HOST, conf.HTTP_PORT, "HTTP_PORT")
    if conf.WYOMING:
        ensure_port_free(conf.WYOMING_HOST, conf.WYOMING_PORT, "WYOMING_PORT")
        names = (*names, WYOMING)
    address = f"{conf.MQTT_HOST}:{conf.broker_port}"
    answer = probe()
    if answer is Answer.BROKER:
        return Plan(names, _("{address}, which was running already").format(address=address))
    if answer is not Answer.NOTHING:
        raise BrokerError(_describe_obstacle(answer, address))
    if loopback_address(conf.MQTT_HOST) is None:
        return Plan(names, _("{address}, which does not answer yet").format(address=address))
    if conf.MQTT_TLS:
        raise BrokerError(
            Reason(
                "No broker answers at {address}, and the one started here speaks TLS to robots"
                " only: unset MQTT_TLS.",
                address=address,
            )
        )
    ensure_not_running(conf.work_dir, Service.BROKER)
    kind = "Mosquitto" if find_mosquitto() else _("development broker")
    broker = _("{address}, {kind}; robots: port {port}")
    broker = broker.format(address=address, kind=kind, port=conf.MQTT_SSL_PORT)
    return Plan((BROKER, *names), broker)


def _describe_obstacle(answer: Answer, address: str) -> Reason:
    if answer is Answer.REFUSED:
        made = None if conf.MQTT_USERNAME else made_account(conf.MQTT_HOST)
        refused = Reason(
            "The broker at {address} refused the login: check MQTT_USERNAME and MQTT_PASSWORD.",
            address=address,
        )
        if not made:
            return refused
        hint = Reason("If it is not a broker that was started here, delete {path}.", path=str(made))
        return Reason("{first} {rest}", first=refused, rest=hint)
    if answer is Answer.UNTRUSTED:
        return Reason(
            "The certificate of the broker at {address} is not trusted: set MQTT_CA_CERTS to the"
            " file of its certificate authority, and MQTT_HOST to a name in the certificate.",
            address=address,
        )
    return Reason(
        "The program at {address} is not an MQTT broker: stop it, or choose another port with"
        " {setting}.",
        address=address,
        setting="MQTT_SSL_PORT" if conf.MQTT_TLS else "MQTT_PORT",
    )
