"""The certificate of the broker's TLS port, and our own authority that signs it."""

from __future__ import annotations

import ipaddress
import shutil
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from ttsmirror.mqtt.account import broker_directory
from ttsmirror.reasons import Reason
from ttsmonitor.system.certificates import (
    AUTHORITY,
    Authority,
    key_pem,
    make_authority,
    new_key,
    pem,
    read_authority,
    sign,
)
from ttsmonitor.system.commands import is_in_container, manage_command
from ttsmonitor.system.private_files import write_private
from ttsmonitor.web.home_network import home_address

CERTIFICATE_DAYS = 3650
WARNING_DAYS = 30
CERTIFICATE, KEY = "certificate.pem", "key.pem"
RENEW = "broker_certificate --renew"


def ensure_certificate(directory: Path) -> tuple[Path, Path]:
    """Return the broker's certificate and its key; make them if they do not exist.

    They are made anew once this computer has another name or address. Those of an earlier version,
    which signed themselves, are kept.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate, key = directory / CERTIFICATE, directory / KEY
    if not (certificate.exists() and key.exists()):
        renew_certificate(directory)
    elif read_authority(directory) is not None:
        ensure_names(directory, _own_names())
    return certificate, key


def ensure_names(directory: Path, names: Sequence[str]) -> None:
    """Make a new certificate for this machine and `names` if the present one lacks one of them."""
    present = _names_of(directory / CERTIFICATE)
    if not present.issuperset(names):
        renew_certificate(directory, sorted(present.union(names)))


def renew_certificate(directory: Path, names: Sequence[str] = ()) -> tuple[Path, Path]:
    """Make a new certificate for this machine and `names`; return it and its key.

    Our authority signs it, and is made first where there is none or it ends within a month. A group
    that could read the files still can.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    group = _reading_group(directory / KEY)
    authority, key = _ensure_authority(directory), new_key()
    hosts = dict.fromkeys(["localhost", "127.0.0.1", "::1", *_own_names(), *names])
    addresses = [_general_name(name) for name in hosts]
    certificate = sign(authority, "Moxie broker", key, CERTIFICATE_DAYS, addresses)
    write_private(directory / KEY, key_pem(key))
    write_private(directory / CERTIFICATE, pem(certificate))
    if group is not None:
        let_group_read(directory, group)
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
        self.error = certificate_problem(broker_directory())


def _ensure_authority(directory: Path) -> Authority:
    authority = read_authority(directory)
    month = timedelta(days=WARNING_DAYS)
    if authority is not None and authority.ends > datetime.now(UTC) + month:
        return authority
    return make_authority(directory, "Moxie certificate authority")


def let_group_read(directory: Path, group: str | int) -> None:
    """Let `group` read certificate, key and authority. Raises LookupError or OSError.

    A directory that is private is opened to the group, too. The authority's key stays private.
    """
    modes = {directory / name: 0o640 for name in (CERTIFICATE, KEY, AUTHORITY)}
    if not directory.stat().st_mode & 0o077:
        modes[directory] = 0o750
    for path, mode in modes.items():
        if path.exists():
            shutil.chown(path, group=group)
            path.chmod(mode)


def _reading_group(path: Path) -> int | None:
    """Return the id of the group that may read a file, or None."""
    if not path.exists():
        return None
    status = path.stat()
    return status.st_gid if status.st_mode & 0o040 else None


def _own_names() -> list[str]:
    # A certificate holds no other names; Linux takes what is in /etc/hostname.
    name = socket.gethostname()
    # Nobody reaches a container at its own address, which is another one at each start.
    address = "" if is_in_container() else home_address()
    return [each for each in (name, address) if each and each.isascii()]


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names_of(path: Path) -> set[str]:
    certificate = _read(path)
    if certificate is None:
        return set()
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return set()
    return {str(name.value) for name in extension.value}


def _read(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None
