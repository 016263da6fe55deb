"""The broker's certificate: its authority, its end and its renewal."""

from __future__ import annotations

import grp
import os
import socket
import ssl
import stat
import threading
from io import StringIO
from pathlib import Path

import pytest
from cryptography import x509
from django.core.management import CommandError, call_command

from hive.broker import certificates
from hive.broker.certificates import (
    CERTIFICATE,
    KEY,
    authority_of,
    certificate_problem,
    ensure_certificate,
    renew_certificate,
)
from tests.support.certificates import write_certificate
from ttsmonitor.system.certificates import AUTHORITY


def verified(directory: Path, authority: Path, name: str) -> bool:
    """Return True if a client that trusts `authority` accepts the certificate for `name`."""
    ours, theirs = socket.socketpair()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(directory / CERTIFICATE, directory / KEY)

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context(cafile=str(authority))
    try:
        client.wrap_socket(ours, server_hostname=name).close()
    except ssl.SSLCertVerificationError:
        return False
    finally:
        ours.close()
        thread.join(5)
    return True


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", socket.gethostname()])
def test_client_verifies_the_certificate_with_our_authority(tmp_path: Path, name: str) -> None:
    ensure_certificate(tmp_path)
    authority = authority_of(tmp_path)
    assert authority == tmp_path / AUTHORITY
    assert verified(tmp_path, authority, name)
    assert not verified(tmp_path, authority, "broker.example")


@pytest.mark.parametrize("hostname", ["niñera", ""])
def test_odd_host_name_does_not_prevent_a_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hostname: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: hostname)
    ensure_certificate(tmp_path)
    assert verified(tmp_path, tmp_path / AUTHORITY, "localhost")


def test_another_authority_is_not_trusted(tmp_path: Path) -> None:
    ensure_certificate(tmp_path / "ours")
    ensure_certificate(tmp_path / "theirs")
    assert not verified(tmp_path / "theirs", tmp_path / "ours" / AUTHORITY, "localhost")


def test_renewal_keeps_the_authority_and_adds_names(tmp_path: Path) -> None:
    ensure_certificate(tmp_path)
    before = [(tmp_path / name).read_bytes() for name in (AUTHORITY, CERTIFICATE, KEY)]
    call_command(
        "broker_certificate", str(tmp_path), renew=True, name=["a.local"], stdout=StringIO()
    )
    after = [(tmp_path / name).read_bytes() for name in (AUTHORITY, CERTIFICATE, KEY)]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, False]
    assert verified(tmp_path, tmp_path / AUTHORITY, "a.local")


def test_missing_name_or_address_makes_a_new_certificate(tmp_path: Path) -> None:
    seen = set()
    for names in ([], ["a.local"], ["a.local"], ["10.9.8.7"], []):
        call_command("broker_certificate", str(tmp_path), name=names, stdout=StringIO())
        seen.add((tmp_path / CERTIFICATE).read_bytes())
    assert len(seen) == 3, "it is made anew where a name is missing, and only there"
    for name in ("a.local", "10.9.8.7", "localhost"):
        assert verified(tmp_path, tmp_path / AUTHORITY, name)


def test_new_address_of_the_computer_makes_a_new_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in ("192.168.1.20", "", "192.168.1.21"):
        monkeypatch.setattr(certificates, "home_address", lambda address=address: address)
        ensure_certificate(tmp_path)
        assert not address or verified(tmp_path, tmp_path / AUTHORITY, address)
    (tmp_path / "ca-key.pem").unlink()
    before = (tmp_path / AUTHORITY).read_bytes()
    monkeypatch.setattr(certificates, "home_address", lambda: "192.168.1.22")
    ensure_certificate(tmp_path)
    assert (tmp_path / AUTHORITY).read_bytes() == before, "clients know this authority"


def test_address_of_a_container_is_in_no_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOXIE_MANAGE", "docker compose exec web python manage.py")
    monkeypatch.setattr(certificates, "home_address", lambda: "172.18.0.3")
    ensure_certificate(tmp_path)
    assert not verified(tmp_path, tmp_path / AUTHORITY, "172.18.0.3")


def test_group_may_read_what_a_broker_needs(tmp_path: Path) -> None:
    directory, group = tmp_path / "new", grp.getgrgid(os.getgid()).gr_name
    call_command("broker_certificate", str(directory), group=group, stdout=StringIO())
    wanted = {".": 0o750, CERTIFICATE: 0o640, KEY: 0o640, AUTHORITY: 0o640, "ca-key.pem": 0o600}
    renew_certificate(directory)
    assert wanted == {name: stat.S_IMODE((directory / name).stat().st_mode) for name in wanted}
    with pytest.raises(CommandError, match="--group nobody-here: there is no such group"):
        call_command("broker_certificate", str(directory), group="nobody-here")


@pytest.mark.parametrize(
    ("days", "said"), [(60, ""), (29, "expires on"), (1, "expires on"), (-1, "expired on")]
)
def test_end_is_named_a_month_ahead_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, said: str
) -> None:
    monkeypatch.setattr(certificates, "CERTIFICATE_DAYS", days)
    if days < 0:
        write_certificate(tmp_path / CERTIFICATE, begins_in_days=-3, ends_in_days=days)
    else:
        renew_certificate(tmp_path)
    problem = certificate_problem(tmp_path)
    assert said in problem
    assert bool(problem) == bool(said)
    assert not said or "manage.py broker_certificate --renew, then restart" in problem
    monkeypatch.undo()
    renew_certificate(tmp_path)
    assert not certificate_problem(tmp_path)


def test_installation_without_a_broker_has_no_certificate_problem(tmp_path: Path) -> None:
    assert not certificate_problem(tmp_path / "none")


def test_certificate_of_an_earlier_version_is_kept_as_its_own_authority(tmp_path: Path) -> None:
    both = write_certificate(tmp_path / CERTIFICATE, ends_in_days=400)
    (tmp_path / KEY).write_bytes(both.read_bytes())
    ensure_certificate(tmp_path)
    assert authority_of(tmp_path) == tmp_path / CERTIFICATE
    assert x509.load_pem_x509_certificate(both.read_bytes())
    assert verified(tmp_path, tmp_path / CERTIFICATE, "localhost")
    assert not (tmp_path / AUTHORITY).exists()
