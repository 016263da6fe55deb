"""The rules of accounts, the accounts themselves, and where our clients find theirs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hive.broker.access import Account, covers, make_access, may_be_retained
from hive.broker.mosquitto_config import local_acl
from ttsmirror.mqtt import account


@pytest.mark.parametrize(
    ("granted", "wanted", "expected"),
    [
        ("moxie/#", "moxie/tts/text", True),
        ("moxie/#", "moxie", True),
        ("moxie/#", "moxie/+/+", True),
        ("moxie/#", "#", False),
        ("moxie/#", "+/tts/text", False),
        ("moxie/#", "moxiel/x", False),
        ("/devices/+/state", "/devices/d_1/state", True),
        ("/devices/+/state", "/devices/+/state", True),
        ("/devices/+/state", "/devices/d_1/#", False),
        ("/devices/+/state", "/devices/d_1/events/state", False),
        ("/devices/+/events/+", "/devices/d_1/events", False),
        ("#", "/devices/d_1/config", True),
        ("#", "$SYS/broker/log/N", False),
        ("+/#", "$SYS/#", False),
        ("$SYS/#", "$SYS/broker/+", True),
        ("$SYS/#", "$CONTROL/x", False),
    ],
)
def test_rule_covers_the_whole_of_a_filter(granted: str, wanted: str, expected: bool) -> None:
    assert covers(granted, wanted) is expected


def test_only_presence_status_and_announcement_are_retained() -> None:
    assert may_be_retained("moxie/tts/status")
    assert may_be_retained("moxie/system/health/hive")
    assert may_be_retained("homeassistant/device/moxie_1/config")
    assert may_be_retained("moxie/home_assistant/moxie_1/state")
    assert may_be_retained("moxie/home_assistant/moxie_1/set/mood")
    kept_by_nobody = ("moxie/home_assistant/moxie_1/set/say", "moxie/home_assistant/moxie_1/event")
    for topic in ("moxie/tts/text", "moxie/system/health", "/devices/d_1/state", "test"):
        assert not may_be_retained(topic)
    for topic in kept_by_nobody:
        assert not may_be_retained(topic)


def test_passwords_are_made_once_and_private(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        first = make_access(tmp_path, "localhost")
    finally:
        os.umask(mask)
    assert make_access(tmp_path, "localhost") == first
    passwords = {each.password for each in first.accounts}
    assert len(passwords) == len(first.accounts) == 4
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 4
    assert not [path for path in files if path.stat().st_mode & 0o077]


def test_account_of_the_settings_shuts_anonymous_clients_out(tmp_path: Path) -> None:
    access = make_access(tmp_path, "localhost", account=Account("moxie", "geheim"))
    assert not access.anonymous
    assert Account("moxie", "geheim") in access.accounts
    assert access.allows("moxie", "write", "/devices/d_1/config")


@pytest.mark.parametrize(
    ("access", "topic", "expected"),
    [
        ("read", "ha/+/+/config", True),
        ("write", "ha/device/moxie_1/config", True),
        ("write", "ha/status", True),
        ("read", "moxie/home_assistant/moxie_1/state", True),
        ("write", "moxie/home_assistant/moxie_1/state", False),
        ("write", "moxie/home_assistant/moxie_1/set/say", True),
        ("read", "moxie/system/health/tts-subscriber", True),
        ("write", "moxie/system/health/tts-subscriber", False),
        ("write", "moxie/tts/control", True),
        ("write", "moxie/tts/text", True),
        ("read", "moxie/tts/text", False),
        ("read", "/devices/d_1/state", False),
        ("write", "/devices/d_1/commands/telehealth", False),
        ("read", "$SYS/#", False),
    ],
)
def test_home_assistant_reaches_its_own_topics_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, access: str, topic: str, expected: bool
) -> None:
    monkeypatch.setenv("HA_DISCOVERY_PREFIX", "ha")
    made = make_access(tmp_path, "localhost")
    assert made.allows("homeassistant", access, topic) is expected


def test_speech_service_may_announce_itself(tmp_path: Path) -> None:
    access = make_access(tmp_path, "localhost")
    assert access.allows("speech", "write", "homeassistant/device/moxie_1/config")
    assert access.allows("speech", "read", "homeassistant/status")
    assert not access.allows("", "write", "homeassistant/device/moxie_1/config")


def test_renamed_topic_is_open_to_our_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MQTT_TOPIC", "casa/voz")
    access = make_access(tmp_path, "localhost")
    assert access.allows("speech", "read", "casa/voz")
    assert access.allows("", "write", "casa/voz/d_1")
    assert "topic readwrite casa/voz/#" in local_acl(access)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("django.conf.settings.WORK_DIR", tmp_path)
    monkeypatch.setenv("MQTT_HOST", "localhost")
    return tmp_path


def test_program_uses_the_account_that_the_broker_made(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account._Process, "name", account.HIVE)
    assert account.current_login() == ("", "")
    made = make_access(work / "broker", "localhost").accounts
    assert account.current_login() in [(each.username, each.password) for each in made]
    assert account.current_login().username == "hive"
    assert account.current_login("broker.example") == ("", ""), "a foreign broker got a password"
    monkeypatch.setenv("MQTT_USERNAME", "moxie")
    monkeypatch.setenv("MQTT_PASSWORD", "geheim")
    assert account.current_login() == ("moxie", "geheim")
