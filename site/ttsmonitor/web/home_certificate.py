"""The certificate of the pages in the home network, from an authority of this computer."""

from __future__ import annotations

import fcntl
import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import crypto
from twisted.internet.ssl import CertificateOptions

AUTHORITY, AUTHORITY_KEY = "ca.pem", "ca-key.pem"
AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 397
"""The longest time that phones accept. A new certificate is made whenever the pages are opened."""
HOME_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
NO_NAME = "home.arpa"
"""A name that no site on the internet has. An authority that names none may sign any name."""


def tls_options(directory: Path, address: str) -> CertificateOptions:
    """Return a new certificate for `address` with its key, signed by the authority in `directory`.

    The key of the certificate is never written. Raises OSError.
    """
    authority, authority_key = _ensure_authority(directory, ipaddress.IPv4Address(address))
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder("Moxie", authority.subject, key.public_key(), CERTIFICATE_DAYS)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address(address))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    return CertificateOptions(
        privateKey=crypto.PKey.from_cryptography_key(key),
        certificate=crypto.X509.from_cryptography(certificate),
        extraCertChain=[crypto.X509.from_cryptography(authority)],
    )


def _ensure_authority(
    directory: Path, address: ipaddress.IPv4Address
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Return the authority and its key; make them if they are missing, old or not for `address`."""
    directory.mkdir(mode=0o700, exist_ok=True)
    with open(directory / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # hive and speech service come at the same time
        return _read_authority(directory, address) or _make_authority(directory, address)


def _read_authority(
    directory: Path, address: ipaddress.IPv4Address
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None:
    try:
        authority = x509.load_pem_x509_certificate((directory / AUTHORITY).read_bytes())
        key = serialization.load_pem_private_key((directory / AUTHORITY_KEY).read_bytes(), None)
        if isinstance(key, ec.EllipticCurvePrivateKey) and _may_sign(authority, address):
            return authority, key
    except (FileNotFoundError, ValueError, x509.ExtensionNotFound):
        pass
    return None


def _may_sign(authority: x509.Certificate, address: ipaddress.IPv4Address) -> bool:
    allowed = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    networks = (each.value for each in allowed.permitted_subtrees or ())
    has_time = authority.not_valid_after_utc > datetime.now(UTC) + timedelta(days=CERTIFICATE_DAYS)
    return has_time and any(
        address in network for network in networks if isinstance(network, ipaddress.IPv4Network)
    )


def _make_authority(
    directory: Path, address: ipaddress.IPv4Address
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Make an authority that can sign for addresses of home networks only.

    People install it on their phones: who steals its key must not be able to pose as a bank.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Moxie at home")])
    networks = [ipaddress.IPv4Network(each) for each in HOME_NETWORKS]
    if not any(address in network for network in networks):
        networks.append(ipaddress.IPv4Network(address))
    authority = (
        _builder("Moxie at home", subject, key.public_key(), AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.NameConstraints(
                [*map(x509.IPAddress, networks), x509.DNSName(NO_NAME)], excluded_subtrees=None
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_signing_only(), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write_private(directory / AUTHORITY_KEY, private)
    _write_private(directory / AUTHORITY, authority.public_bytes(serialization.Encoding.PEM))
    return authority, key


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
    common_name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a phone's clock may be behind
        .not_valid_after(now + timedelta(days=days))
    )


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read; never half of it."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    aside.replace(path)
