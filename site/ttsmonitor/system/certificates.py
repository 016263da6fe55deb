"""Certificates, and the authorities of this computer that sign them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ttsmonitor.system.private_files import write_private

AUTHORITY, AUTHORITY_KEY = "ca.pem", "ca-key.pem"
AUTHORITY_DAYS = 3650
CLOCK_DAYS = 1
"""The clock of a robot or phone may be behind by this much."""


@dataclass(frozen=True)
class Authority:
    """A certificate that signs others, and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def ends(self) -> datetime:
        """When it expires."""
        return self.certificate.not_valid_after_utc


def read_authority(directory: Path) -> Authority | None:
    """Return the authority in `directory`; None if it is missing or damaged. Raises OSError."""
    try:
        certificate = x509.load_pem_x509_certificate((directory / AUTHORITY).read_bytes())
        key = serialization.load_pem_private_key((directory / AUTHORITY_KEY).read_bytes(), None)
    except (FileNotFoundError, ValueError):
        return None
    # A power cut between the two files leaves the new key beside the old certificate.
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == certificate.public_key():
        return Authority(certificate, key)
    return None


def make_authority(
    directory: Path, name: str, limits: x509.NameConstraints | None = None
) -> Authority:
    """Make an authority in `directory`, which signs within `limits` only. Raises OSError."""
    key = new_key()
    builder = (
        _builder(name, _named(name), key.public_key(), _in_days(AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_signing_only(), critical=True)
    )
    if limits is not None:
        builder = builder.add_extension(limits, critical=True)
    authority = Authority(builder.sign(key, hashes.SHA256()), key)
    write_private(directory / AUTHORITY_KEY, key_pem(key))
    write_private(directory / AUTHORITY, pem(authority.certificate))
    return authority


def sign(
    authority: Authority,
    name: str,
    key: ec.EllipticCurvePrivateKey,
    days: int,
    addresses: Sequence[x509.GeneralName],
) -> x509.Certificate:
    """Return the certificate of a server with `key` at `addresses`.

    It ends after `days`, or with the authority.
    """
    ends = min(_in_days(days), authority.ends)
    return (
        _builder(name, authority.certificate.subject, key.public_key(), ends)
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
        .sign(authority.key, hashes.SHA256())
    )


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a new private key."""
    return ec.generate_private_key(ec.SECP256R1())


def pem(certificate: x509.Certificate) -> bytes:
    """Return a certificate as the content of a file."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key as the content of a file."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _signing_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_in_days(-CLOCK_DAYS))
        .not_valid_after(ends)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _in_days(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)
