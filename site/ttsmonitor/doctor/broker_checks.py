"""The checks of the broker: who is let in, what comes back, and what is left over."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

from cryptography import x509

from ttsmirror.mqtt.access_probe import may_read, publish_asking
from ttsmirror.mqtt.account import broker_directory, current_login
from ttsmirror.mqtt.causes import NOTHING_LISTENS
from ttsmirror.mqtt.loopback_probe import why_not_delivered
from ttsmirror.reasons import Reason
from ttsmirror.wire.fields import dump
from ttsmirror.wire.messages import CONTROL_TOPIC, HEALTH_TOPIC, STATUS_TOPIC
from ttsmonitor.conf import conf
from ttsmonitor.doctor import relay
from ttsmonitor.doctor.base import Finding, Publication, fault, ok, skipped, warning
from ttsmonitor.doctor.broker_visit import ANSWERING
from ttsmonitor.doctor.situation import Situation
from ttsmonitor.system.certificates import AUTHORITY
from ttsmonitor.system.commands import is_in_container, manage_command, shell_path, start_command
from ttsmonitor.system.lock import Service
from ttsmonitor.system.ports import loopback_address

WARNING_DAYS = 30
ANSWER_SECONDS = 3.0
RENEW = "broker_certificate --renew"
MEND = "tts_doctor --mend"
UNKNOWN_NAME = "the name {host} is unknown: check MQTT_HOST"
EXPIRED = "it has expired: make a new one"
UNKNOWN_ISSUER = "MQTT_CA_CERTS does not have the authority that signed it"
SILENT = "what listens at {address} does not answer: it is no MQTT broker, or it hangs"


def look_at_broker(situation: Situation) -> Iterator[Finding]:
    """Check that the broker answers and lets us in."""
    visit = situation.visit
    if visit.error:
        is_gone = is_in_container() and relay.names(visit.error, UNKNOWN_NAME)
        # Docker forgets the name of a container that does not run.
        error = Reason("the container {host} does not run", host=conf.MQTT_HOST)
        yield fault(
            error if is_gone else visit.error,
            start_command("mqtt") if is_gone else _remedy(visit.error, situation),
        )
        return
    version = visit.version or "?"
    if account := current_login(conf.MQTT_HOST).username:
        yield ok(
            Reason(
                "{address} lets the account {account} in ({version})",
                address=visit.address,
                account=account,
                version=version,
            )
        )
    else:
        yield ok(
            Reason(
                "{address} lets us in without an account ({version})",
                address=visit.address,
                version=version,
            )
        )


def look_at_access(situation: Situation) -> Iterator[Finding]:
    """Check that a message comes back, and that sentences may be published and read."""
    visit, endpoint = situation.visit, (conf.MQTT_HOST, conf.broker_port)
    denied = [topic for topic in visit.denied if not topic.startswith("$")]
    if denied:
        yield fault(
            Reason(
                "the broker's access rules forbid this account to read {topic}",
                topic=", ".join(denied),
            )
        )
    if not visit.has_come_back:
        cause = why_not_delivered(dump({"type": "echo", "id": visit.question}), *endpoint)
        yield fault(cause, relay.remedy(cause))
        return
    topic = conf.MQTT_TOPIC
    # An empty message is no sentence: the speech service ignores it.
    if publish_asking(topic, b"", *endpoint) is False:
        yield fault(
            Reason(
                "the broker's access rules forbid this account to publish on {topic}", topic=topic
            )
        )
    elif not denied and may_read(topic, b"", *endpoint) is False:
        yield fault(
            Reason("the broker's access rules forbid this account to read {topic}", topic=topic)
        )
    elif not denied:
        yield ok(Reason("a message comes back, and {topic} is open to this account", topic=topic))


def look_at_certificate(situation: Situation) -> Iterator[Finding]:
    """Check how long the certificate of the broker's TLS port is valid."""
    host, port = conf.MQTT_HOST, conf.MQTT_SSL_PORT
    address = f"{host}:{port}"
    try:
        served = ssl.get_server_certificate((host, port), timeout=ANSWER_SECONDS)
        ends = x509.load_pem_x509_certificate(served.encode()).not_valid_after_utc
    except (OSError, ValueError):
        if (broker_directory() / "certificate.pem").is_file() and _is_broker_here():
            yield warning(
                Reason(
                    "no robot can connect: nothing answers with TLS at {address}", address=address
                ),
                start_command("mqtt"),
            )
        else:
            yield skipped(
                Reason(
                    "nothing answers with TLS at {address}; only robots need it", address=address
                )
            )
        return
    date, days = ends.date().isoformat(), (ends - datetime.now(UTC)).days
    command = manage_command(RENEW) if _is_broker_here() else ""
    if days < 0:
        yield fault(Reason("the broker's certificate expired on {date}", date=date), command)
    elif days < WARNING_DAYS:
        yield warning(Reason("the broker's certificate expires in {days} days", days=days), command)
    else:
        yield ok(Reason("valid until {date}, {days} days", date=date, days=days))


def look_at_client_ids(situation: Situation) -> Iterator[Finding]:
    """Look for two clients with one id, which end each other's connections."""
    visit = situation.visit
    names = {name: name for name in visit.taken_over}
    for component in ANSWERING:
        if visit.has_duplicates(component):
            names.setdefault(component, component)
    path = shell_path(conf.work_dir / "installation_id")
    for name in names:
        yield fault(
            Reason(
                "two clients connect as {name}, and each ends the other's connection: two computers"
                " use copies of one work directory. Stop one of them and delete its {path}",
                name=name,
                path=path,
            ),
            f"rm {path}",
        )
    if not names:
        yield ok(Reason("no client loses its connection to another one of its name"))


def look_at_retained(situation: Situation) -> Iterator[Finding]:
    """Look for retained messages where none belongs: each new client gets them again."""
    topic = conf.MQTT_TOPIC
    wrong = [
        each.topic
        for each in situation.visit.retained
        if each.topic in (topic, CONTROL_TOPIC, HEALTH_TOPIC) or each.topic.startswith(f"{topic}/")
        if each.topic != STATUS_TOPIC
    ]
    for left in dict.fromkeys(wrong):
        yield warning(
            Reason(
                "a retained message is left on {topic}: whoever connects gets it again, as if it"
                " were new",
                topic=left,
            ),
            manage_command(MEND),
            (Publication(left, retain=True),),
        )
    if not wrong:
        yield ok(Reason("no message is retained where none belongs"))


def look_at_quality(situation: Situation) -> Iterator[Finding]:
    """Check the quality of service of the sentences."""
    if conf.MQTT_QOS == 0:
        yield warning(
            Reason("MQTT_QOS=0: sentences are lost where a connection breaks; 1 is the default"),
            "unset MQTT_QOS",
        )
    else:
        yield ok(Reason("sentences have quality of service {qos}", qos=conf.MQTT_QOS))


def _is_broker_here() -> bool:
    return loopback_address(conf.MQTT_HOST) is not None or is_in_container()


def _remedy(error: str, situation: Situation) -> str:
    """Return the command that mends why the broker does not let us in; empty if none does."""
    if relay.names(error, NOTHING_LISTENS.code):
        return start_command("mqtt") if _is_broker_here() else ""
    if relay.names(error, EXPIRED) and _is_broker_here():
        return manage_command(RENEW)
    if relay.names(error, UNKNOWN_ISSUER):
        authority = broker_directory() / AUTHORITY
        return f"export MQTT_CA_CERTS={shell_path(authority)}" if authority.is_file() else ""
    if relay.names(error, SILENT) and Service.BROKER in situation.processes:
        return situation.restart_command(Service.BROKER)
    return relay.remedy(error)
