"""The certificate of the pages at home, and what its authority may sign."""

from __future__ import annotations

import ipaddress
import stat
from pathlib import Path

import pytest
from cryptography import x509

from tests.support.certificates import write_certificate
from ttsmonitor.system.certificates import AUTHORITY, AUTHORITY_KEY
from ttsmonitor.web.home_certificate import tls_options


def authority(directory: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((directory / AUTHORITY).read_bytes())


def test_authority_is_kept_and_private(tmp_path: Path) -> None:
    tls_options(tmp_path / "web", "192.168.1.20")
    made = authority(tmp_path / "web")
    tls_options(tmp_path / "web", "10.0.0.7")
    assert authority(tmp_path / "web") == made
    for name in (AUTHORITY, AUTHORITY_KEY):
        assert stat.S_IMODE((tmp_path / "web" / name).stat().st_mode) == 0o600


def test_authority_can_sign_for_home_addresses_only(tmp_path: Path) -> None:
    tls_options(tmp_path, "192.168.1.20")
    extension = authority(tmp_path).extensions.get_extension_for_class(x509.NameConstraints)
    assert extension.critical
    permitted = extension.value.permitted_subtrees or []
    names = [each.value for each in permitted if isinstance(each, x509.DNSName)]
    networks = [each.value for each in permitted if isinstance(each, x509.IPAddress)]
    assert names == ["home.arpa"]
    assert all(isinstance(each, ipaddress.IPv4Network) and each.is_private for each in networks)


def test_authority_for_another_network_is_made_anew(tmp_path: Path) -> None:
    tls_options(tmp_path, "192.168.1.20")
    made = authority(tmp_path)
    tls_options(tmp_path, "192.0.2.2")
    assert authority(tmp_path) != made


def test_foreign_authority_is_replaced(tmp_path: Path) -> None:
    tls_options(tmp_path, "192.168.1.20")
    made = authority(tmp_path)
    write_certificate(tmp_path / AUTHORITY, ends_in_days=3650)
    tls_options(tmp_path, "192.168.1.20")
    assert authority(tmp_path).subject == made.subject


@pytest.mark.parametrize("name", [AUTHORITY, AUTHORITY_KEY])
def test_damaged_authority_is_made_anew(tmp_path: Path, name: str) -> None:
    tls_options(tmp_path, "192.168.1.20")
    made = authority(tmp_path)
    (tmp_path / name).write_text("")
    tls_options(tmp_path, "192.168.1.20")
    assert authority(tmp_path) != made
