"""The certificate of the pages in the home network, from an authority of this computer."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from OpenSSL import crypto
from twisted.internet.ssl import CertificateOptions

from ttsmonitor.system.certificates import (
    Authority,
    make_authority,
    new_key,
    read_authority,
    sign,
)
from ttsmonitor.system.file_lock import lock_file

CERTIFICATE_DAYS = 397
"""The longest time that phones accept. A new certificate is made whenever the pages are opened."""
HOME_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
NO_NAME = "home.arpa"
"""A name that no site on the internet has. An authority that names none may sign any name."""


def tls_options(directory: Path, address: str) -> CertificateOptions:
    """Return a new certificate for `address` with its key, signed by the authority in `directory`.

    The key of the certificate is never written. Raises OSError.
    """
    home = ipaddress.IPv4Address(address)
    authority, key = _ensure_authority(directory, home), new_key()
    certificate = sign(authority, "Moxie", key, CERTIFICATE_DAYS, [x509.IPAddress(home)])
    return CertificateOptions(
        privateKey=crypto.PKey.from_cryptography_key(key),
        certificate=crypto.X509.from_cryptography(certificate),
        extraCertChain=[crypto.X509.from_cryptography(authority.certificate)],
    )


def _ensure_authority(directory: Path, address: ipaddress.IPv4Address) -> Authority:
    """Return the authority; make it if it is missing, damaged, old or not for `address`."""
    directory.mkdir(mode=0o700, exist_ok=True)
    with open(directory / "lock", "w") as lock:
        lock_file(lock.fileno(), wait=True)  # hive and speech service come at the same time
        authority = read_authority(directory)
        if authority is not None and _may_sign(authority, address):
            return authority
        return make_authority(directory, "Moxie at home", _limits(address))


def _may_sign(authority: Authority, address: ipaddress.IPv4Address) -> bool:
    extensions = authority.certificate.extensions
    try:
        allowed = extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return False
    networks = (each.value for each in allowed.permitted_subtrees or ())
    has_time = authority.ends > datetime.now(UTC) + timedelta(days=CERTIFICATE_DAYS)
    return has_time and any(
        address in network for network in networks if isinstance(network, ipaddress.IPv4Network)
    )


def _limits(address: ipaddress.IPv4Address) -> x509.NameConstraints:
    """Return that the authority signs for addresses of home networks only.

    People install it on their phones: who steals its key must not be able to pose as a bank.
    """
    networks = [ipaddress.IPv4Network(each) for each in HOME_NETWORKS]
    if not any(address in network for network in networks):
        networks.append(ipaddress.IPv4Network(address))
    permitted = [*map(x509.IPAddress, networks), x509.DNSName(NO_NAME)]
    return x509.NameConstraints(permitted, excluded_subtrees=None)
