"""Authorities that are kept in a directory, and what they sign."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cryptography import x509

from ttsmonitor.system import certificates
from ttsmonitor.system.certificates import (
    AUTHORITY,
    AUTHORITY_KEY,
    make_authority,
    new_key,
    read_authority,
    sign,
)

LOCALHOST = [x509.DNSName("localhost")]


def test_authority_is_read_back(tmp_path: Path) -> None:
    made = make_authority(tmp_path, "Test")
    read = read_authority(tmp_path)
    assert read is not None
    assert read.certificate == made.certificate


def test_missing_authority_is_none(tmp_path: Path) -> None:
    assert read_authority(tmp_path) is None


@pytest.mark.parametrize("name", [AUTHORITY, AUTHORITY_KEY])
def test_key_and_certificate_of_different_authorities_are_refused(
    tmp_path: Path, name: str
) -> None:
    for directory in ("one", "other"):
        (tmp_path / directory).mkdir()
        make_authority(tmp_path / directory, "Test")
    shutil.copy(tmp_path / "other" / name, tmp_path / "one")
    assert read_authority(tmp_path / "one") is None


def test_certificate_ends_with_its_authority_at_the_latest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "AUTHORITY_DAYS", 5)
    authority = make_authority(tmp_path, "Test")
    signed = sign(authority, "Server", new_key(), 10, LOCALHOST)
    assert signed.not_valid_after_utc == authority.ends
    signed.verify_directly_issued_by(authority.certificate)
