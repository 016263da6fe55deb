"""Mosquitto's configuration file, account and certificate."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from cryptography import x509

from hive.broker.access import Account
from hive.broker.certificates import ensure_certificate
from hive.broker.limits import STORE_BYTES
from hive.broker.mosquitto_config import PLUGINS, password_line, write_config
from hive.broker.run import set_aside_full_store
from ttsmirror.exceptions import BrokerError


def test_certificate_is_made_once_with_private_key(tmp_path: Path) -> None:
    certificate, key = ensure_certificate(tmp_path / "broker")
    before = certificate.read_bytes(), key.read_bytes()
    assert ensure_certificate(tmp_path / "broker") == (certificate, key)
    assert (certificate.read_bytes(), key.read_bytes()) == before
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_certificate_names_this_machine(tmp_path: Path) -> None:
    certificate, _key = ensure_certificate(tmp_path)
    read = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    assert (read.not_valid_after_utc - read.not_valid_before_utc).days > 3600


def test_password_is_not_stored_in_clear(tmp_path: Path) -> None:
    write_config(tmp_path, host="127.0.0.1", port=1, tls_port=2, account=Account("moxie", "geheim"))
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    texts = [path.read_text(errors="replace") for path in files]
    assert any("moxie:$7$" in text for text in texts)
    assert not any("geheim" in text for text in texts)


@pytest.mark.parametrize(
    ("username", "password", "words"),
    [("a:b", "x", "colon"), ("a\nb", "x", "white space"), ("moxie", "", "MQTT_PASSWORD")],
)
def test_invalid_account_is_refused(username: str, password: str, words: str) -> None:
    with pytest.raises(BrokerError, match=words):
        password_line(Account(username, password))


DEPRECATED = re.compile(
    r"^(?:acl_file|password_file|per_listener_settings|allow_anonymous|plugin) ", re.MULTILINE
)


@pytest.mark.parametrize("folder", ["lib", "lib/x86_64-linux-gnu/mosquitto"])
def test_mosquitto_with_plugins_gets_no_deprecated_option(tmp_path: Path, folder: str) -> None:
    for name in PLUGINS.values():
        plugin = tmp_path / "usr" / folder / name
        plugin.parent.mkdir(parents=True, exist_ok=True)
        plugin.touch()
    program = str(tmp_path / "usr" / "sbin" / "mosquitto")
    text = write_config(
        tmp_path / "broker", host="127.0.0.1", port=1, tls_port=2, program=program
    ).read_text()
    assert not DEPRECATED.search(text)
    assert f"plugin_load robots {tmp_path}/usr/{folder}/mosquitto_acl_file.so" in text
    assert text.count("plugin_use") == 3


def test_mosquitto_without_plugins_gets_the_options_of_2_0(tmp_path: Path) -> None:
    text = write_config(
        tmp_path, host="127.0.0.1", port=1, tls_port=2, program=str(tmp_path / "sbin/mosquitto")
    ).read_text()
    assert "plugin_" not in text
    assert "listener_allow" not in text
    assert text.count("\nacl_file ") == 2


def test_full_store_is_set_aside(tmp_path: Path) -> None:
    store = tmp_path / "mosquitto.db"
    set_aside_full_store(tmp_path)
    store.write_bytes(b"kept")
    set_aside_full_store(tmp_path)
    assert store.exists()
    with store.open("r+b") as file:
        file.truncate(STORE_BYTES + 1)
    set_aside_full_store(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mosquitto.db.full"]
