"""The files of the Mosquitto that run_broker starts: configuration, certificate, account."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ttsmirror.exceptions import BrokerError

CERTIFICATE_DAYS = 3650
ROBOTS_ACL = """\
# A robot has no password that a broker could check: its client id says which topics are its own.
pattern write /devices/%c/state
pattern write /devices/%c/events/+
pattern read /devices/%c/config
pattern read /devices/%c/commands/+
# A client may call itself d_x/events: its "state" would be an event of the robot d_x. No event and
# no command has one of these names. Mosquitto warns of patterns without %c; these mean it.
pattern deny /devices/+/+/state
pattern deny /devices/+/+/config
"""
"""The access rules of the robots' port. docker/mosquitto/robots.acl is a copy."""
PASSWORD_ROUNDS = 100_000


@dataclass(frozen=True)
class Account:
    """The account that clients on loopback need; none if the name is empty."""

    username: str = ""
    password: str = ""


ANYBODY = Account()


def write_config(
    directory: Path, *, host: str, port: int, tls_port: int, account: Account = ANYBODY
) -> Path:
    """Write the files that Mosquitto reads into `directory`; return the configuration's path.

    It listens without TLS on `host`, a loopback address, for the hive and the speech service, and
    with TLS on all addresses for robots.
    """
    certificate, key = ensure_certificate(directory)
    acl = directory / "robots.acl"
    _write_private(acl, ROBOTS_ACL)
    if account.username:
        passwords = directory / "passwords"
        _write_private(passwords, password_line(account))
        access = f"allow_anonymous false\npassword_file {passwords}"
    else:
        access = "allow_anonymous true"
    # As root, Mosquitto would switch to a user who cannot read this directory.
    user = "user root\n" if os.geteuid() == 0 else ""
    config = directory / "mosquitto.conf"
    _write_private(
        config,
        f"""\
# Written by run_broker at every start: changes here are lost.
per_listener_settings true
{user}persistence true
persistence_location {directory}/
autosave_interval 30
max_queued_messages 100000
persistent_client_expiration 60d

log_dest stderr
log_dest topic
log_type error
log_type warning
log_type notice
log_timestamp_format %Y-%m-%dT%H:%M:%S
connection_messages true
set_tcp_nodelay true

listener {port} {host}
{access}

listener {tls_port}
allow_anonymous true
acl_file {acl}
certfile {certificate}
keyfile {key}
""",
    )
    return config


def ensure_certificate(directory: Path) -> tuple[Path, Path]:
    """Return the self-signed certificate and its key; make them if they do not exist."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    if not (certificate.exists() and key.exists()):
        certificate_pem, key_pem = make_certificate(["localhost", socket.gethostname()])
        _write_private(key, key_pem)
        _write_private(certificate, certificate_pem)
    return certificate, key


def make_certificate(names: list[str]) -> tuple[str, str]:
    """Make a self-signed certificate for these host names; return it and its key, both in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Moxie broker")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a robot's clock may be behind
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in dict.fromkeys(names)]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), key_pem.decode()


def password_line(account: Account) -> str:
    """Return a line of Mosquitto's password file.

    Mosquitto's own tool reads the password from a terminal only. Raises BrokerError for an account
    that the file cannot hold.
    """
    if not re.fullmatch(r"[^:\s]+", account.username):
        raise BrokerError("MQTT_USERNAME must not have a colon or white space.")
    if not account.password:
        raise BrokerError("MQTT_USERNAME is set, but MQTT_PASSWORD is not: set both or neither.")
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", account.password.encode(), salt, PASSWORD_ROUNDS)
    fields = (str(PASSWORD_ROUNDS), _base64(salt), _base64(digest))
    return f"{account.username}:$7${'$'.join(fields)}\n"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _write_private(path: Path, text: str) -> None:
    aside = path.with_name(f"{path.name}.new")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    aside.replace(path)
