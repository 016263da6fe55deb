"""The account with which this process logs in at the broker."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ttsmirror.conf import conf

HIVE, SPEECH, TOOLS, HOME_ASSISTANT = "hive", "speech", "tools", "homeassistant"
"""The accounts that run_broker and docker-compose.yml make."""


class _Process:
    name = TOOLS


class Login(NamedTuple):
    """A user name and its password; both empty for an anonymous client."""

    username: str = ""
    password: str = ""


def log_in_as(name: str) -> None:
    """Choose the account of this process, which is `tools` otherwise."""
    _Process.name = name


def broker_directory() -> Path:
    """Return the directory of the broker that this installation starts."""
    return conf.work_dir / "broker"


def account_file(directory: Path, host: str, name: str) -> Path:
    """Return the file with the password of an account of the broker that is known as `host`."""
    return directory / "accounts" / host / name


def made_account(host: str) -> Path | None:
    """Return the file with the password that this installation's own broker made for this process.

    It is there only if that broker runs at `host`, so no other broker is sent the password.
    """
    path = account_file(broker_directory(), host, _Process.name)
    return path if path.is_file() else None


def current_login(host: str = "") -> Login:
    """Return the account for the broker at `host`, which is MQTT_HOST if it is empty.

    It is the account of the settings, else the one that our own broker made, else none.
    """
    if conf.MQTT_USERNAME:
        return Login(conf.MQTT_USERNAME, conf.MQTT_PASSWORD)
    path = made_account(host or conf.MQTT_HOST)
    try:
        return Login(_Process.name, path.read_text().strip()) if path else Login()
    except OSError:  # another user's
        return Login()
