"""The certificate of the broker's TLS port, and our own authority that signs it."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ttsmirror.reasons import Reason
from ttsmonitor.conf import conf
from ttsmonitor.system.commands import manage_command

CERTIFICATE_DAYS = 3650
WARNING_DAYS = 30
AUTHORITY, AUTHORITY_KEY = "ca.pem", "ca-key.pem"
CERTIFICATE, KEY = "certificate.pem", "key.pem"
RENEW = "broker_certificate --renew"


def ensure_certificate(directory: Path) -> tuple[Path, Path]:
    """Return the broker's certificate and its key; make them if they do not exist.

    Those of an earlier version, which signed themselves, are kept.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate, key = directory / CERTIFICATE, directory / KEY
    if not (certificate.exists() and key.exists()):
        renew_certificate(directory)
    return certificate, key


def renew_certificate(directory: Path, names: Sequence[str] = ()) -> tuple[Path, Path]:
    """Make a new certificate for this machine and `names`; return it and its key.

    Our authority signs it, and is made first where there is none or it ends within a month.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority, authority_key = _ensure_authority(directory)
    key = ec.generate_private_key(ec.SECP256R1())
    subject_names = dict.fromkeys(["localhost", "127.0.0.1", "::1", socket.gethostname(), *names])
    certificate = (
        _builder("Moxie broker", authority.subject, key.public_key())
        .not_valid_after(_in_days(CERTIFICATE_DAYS, authority.not_valid_after_utc))
        .add_extension(
            x509.SubjectAlternativeName([_general_name(name) for name in subject_names]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    write_private(directory / KEY, _private_pem(key))
    write_private(directory / CERTIFICATE, _pem(certificate))
    return directory / CERTIFICATE, directory / KEY


def authority_of(directory: Path) -> Path | None:
    """Return the file with which a client verifies the broker in `directory`, or None.

    A certificate of an earlier version is its own authority.
    """
    certificate, authority = _read(directory / CERTIFICATE), directory / AUTHORITY
    if certificate is None:
        return None
    is_own = certificate.issuer == certificate.subject
    return directory / CERTIFICATE if is_own else authority


def certificate_problem(directory: Path) -> str:
    """Return that a certificate ends within a month, with the remedy; empty if none does."""
    found = [_read(directory / name) for name in (CERTIFICATE, AUTHORITY)]
    ends = [each.not_valid_after_utc for each in found if each is not None]
    if not ends or (left := min(ends) - datetime.now(UTC)) > timedelta(days=WARNING_DAYS):
        return ""
    command, date = manage_command(RENEW), min(ends).date().isoformat()
    if left < timedelta(0):
        return Reason(
            "the broker's certificate expired on {date}: run {command}, then restart the broker",
            date=date,
            command=command,
        )
    return Reason(
        "the broker's certificate expires on {date}: run {command}, then restart the broker",
        date=date,
        command=command,
    )


class CertificateProbe:
    """Looks at the certificates of the broker that this installation runs, if it runs one."""

    error = ""

    def look(self) -> None:
        """Read the certificates."""
        self.error = certificate_problem(conf.work_dir / "broker")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whatever the umask; never half of it."""
    aside = path.with_name(f"{path.name}.new")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    os.fchmod(descriptor, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    aside.replace(path)


def _ensure_authority(directory: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate, path = _read(directory / AUTHORITY), directory / AUTHORITY_KEY
    month = timedelta(days=WARNING_DAYS)
    if certificate and certificate.not_valid_after_utc > datetime.now(UTC) + month:
        kept = _read_key(path)
        if kept is not None:
            return certificate, kept
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Moxie certificate authority")])
    certificate = (
        _builder("Moxie certificate authority", name, key.public_key())
        .not_valid_after(_in_days(CERTIFICATE_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    write_private(path, _private_pem(key))
    write_private(directory / AUTHORITY, _pem(certificate))
    return certificate, key


def _builder(
    common_name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_in_days(-1))  # a robot's clock may be behind
    )


def _in_days(days: int, at_most: datetime | None = None) -> datetime:
    then = datetime.now(UTC) + timedelta(days=days)
    return then if at_most is None else min(then, at_most)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _read(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey | None:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _private_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
