"""Accounts and access rules of the broker, for Mosquitto and the development broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ttsmirror.exceptions import BrokerError
from ttsmirror.mqtt.account import HIVE, HOME_ASSISTANT, SPEECH, TOOLS, account_file
from ttsmirror.secret_file import kept_secret
from ttsmirror.wire.messages import CONTROL_TOPIC, HEALTH_TOPIC, STATUS_TOPIC
from ttsmonitor.conf import conf
from ttsmonitor.integrations.home_assistant.topics import BASE, DeviceTopics

NOBODY = ""
"""The key of the rules for clients without an account."""
ROBOT_USERNAME = "unknown"
"""The user name that robots send. Their password is a token that a broker cannot check."""
PASSWORD_BYTES = 16
READ, WRITE, BOTH = "read", "write", "readwrite"


@dataclass(frozen=True)
class Account:
    """A user name and its password; none if the name is empty."""

    username: str = ""
    password: str = ""
    is_random: bool = False
    """The password is too long to be guessed."""


ANYBODY = Account()


@dataclass(frozen=True)
class Rule:
    """Permission to read or write what matches a topic filter."""

    access: str
    topic: str

    def allows(self, access: str, topic: str) -> bool:
        """Return True if it grants this access to the whole of a topic or topic filter."""
        return access in self.access and covers(self.topic, topic)


@dataclass(frozen=True)
class Access:
    """The accounts of a broker's plain listener, and the rules of each user name."""

    accounts: Sequence[Account]
    rules: Mapping[str, Sequence[Rule]]
    anonymous: bool
    """Clients without an account are let in, with the rules of NOBODY."""

    def allows(self, username: str, access: str, topic: str) -> bool:
        """Return True if this user may read or write the whole of a topic or topic filter."""
        return any(rule.allows(access, topic) for rule in self.rules.get(username, ()))


def make_access(
    directory: Path, host: str, *, account: Account = ANYBODY, anonymous: bool = True
) -> Access:
    """Make the accounts of our own programs and of people's tools, once, below `directory`.

    `account` is the one of the settings, which may do everything. Where there is one, clients need
    an account. `host` is the name under which the programs know the broker.
    """
    accounts = {
        name: Account(name, _kept_password(directory, host, name), is_random=True)
        for name in (HIVE, SPEECH, TOOLS, HOME_ASSISTANT)
    }
    rules = _rules()
    if account.username:
        accounts[account.username] = account
        rules[account.username] = rules[TOOLS]
    return Access(list(accounts.values()), rules, anonymous and not account.username)


def covers(granted: str, wanted: str) -> bool:
    """Return True if all topics that match the filter `wanted` also match `granted`."""
    mine, theirs = granted.split("/"), wanted.split("/")
    if wanted.startswith("$") != granted.startswith("$"):
        return False  # a wildcard at the beginning does not match $SYS
    for index, level in enumerate(mine):
        if level == "#":
            return True
        if index >= len(theirs) or theirs[index] == "#" or level not in ("+", theirs[index]):
            return False
    return len(mine) == len(theirs)


def may_be_retained(topic: str) -> bool:
    """Return True for the topics whose newest message a broker keeps."""
    filters = (STATUS_TOPIC, f"{HEALTH_TOPIC}/+", *DeviceTopics("+").retained)
    return any(covers(each, topic) for each in filters)


def _rules() -> dict[str, Sequence[Rule]]:
    speech = [Rule(BOTH, "moxie/#"), *_renamed_topic(), Rule(READ, "$SYS/#")]
    any_device = DeviceTopics("+")
    return {
        # The documented commands need no more. They try the broker out with a topic named test.
        NOBODY: [*speech, Rule(BOTH, "test/#")],
        SPEECH: [*speech, Rule(WRITE, any_device.discovery), Rule(READ, any_device.birth)],
        HIVE: [
            *speech,
            Rule(READ, "/devices/+/state"),
            Rule(READ, "/devices/+/events/+"),
            Rule(WRITE, "/devices/+/config"),
            Rule(WRITE, "/devices/+/commands/+"),
        ],
        TOOLS: [Rule(BOTH, "#"), Rule(READ, "$SYS/#")],
        HOME_ASSISTANT: [
            Rule(BOTH, f"{conf.HA_DISCOVERY_PREFIX}/#"),
            Rule(READ, f"{BASE}/#"),
            Rule(WRITE, any_device.commands),
            Rule(READ, f"{HEALTH_TOPIC}/+"),
            Rule(WRITE, CONTROL_TOPIC),
            Rule(WRITE, conf.MQTT_TOPIC),
        ],
    }


def _renamed_topic() -> list[Rule]:
    return [] if covers("moxie/#", conf.MQTT_TOPIC) else [Rule(BOTH, f"{conf.MQTT_TOPIC}/#")]


def _kept_password(directory: Path, host: str, name: str) -> str:
    path = account_file(directory, host, name)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        password = kept_secret(path, PASSWORD_BYTES)
        path.chmod(0o600)
    except OSError as exc:
        raise BrokerError(f"cannot write {path}: {exc.strerror}.") from exc
    return password
