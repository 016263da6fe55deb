"""What a visit to the broker shows of clients with one name, and of old and hostile messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from ttsmonitor.doctor.broker_visit import BrokerVisit, Heard

PRESENCE = "moxie/system/health/hive"


def visit(*messages: tuple[str, Any]) -> BrokerVisit:
    made = BrokerVisit("broker.test:1883", question="q")
    for topic, payload in messages:
        content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        made.messages.append(Heard(topic, content, False, datetime.now(UTC)))
    return made


def birth(instance: str, status: str = "online") -> tuple[str, dict[str, str]]:
    return PRESENCE, {"status": status, "component": "hive", "instance": instance}


def test_restarted_hive_is_no_duplicate() -> None:
    found = visit(birth("1.a"), birth("1.a", "offline"), birth("1.b"), birth("1.b"))
    assert not found.has_duplicates("hive")
    assert found.count_clients("hive") == 0


def test_two_births_in_turns_are_a_duplicate() -> None:
    assert visit(birth("1.a"), birth("1.b"), birth("1.a")).has_duplicates("hive")


def test_waiting_second_hive_is_a_rival() -> None:
    ping = {"type": "ping", "id": "x", "component": "hive", "instance": "2.b"}
    pong = {"type": "pong", "id": "q", "component": "hive", "instance": "1.a"}
    found = visit(("moxie/system/health", ping), ("moxie/system/health", pong))
    assert found.count_clients("hive") == 2
    assert len(found.pongs("hive")) == 1


def test_taken_over_client_is_read_from_the_log() -> None:
    line = b"2026-01-01T00:00:00: Client moxie-x already connected, closing old connection."
    assert visit(("$SYS/broker/log/N", line)).taken_over == ["moxie-x"]


def test_unreadable_messages_are_ignored() -> None:
    hostile: list[tuple[str, Any]] = [
        ("moxie/system/health", b"\xff\x00"),
        ("moxie/system/health", [1]),
        ("moxie/system/health", {"type": "pong", "id": "q", "component": ["hive"]}),
        ("moxie/system/health", {"type": "pong", "component": "hive", "timestamp": "later"}),
        (PRESENCE, b"online"),
        ("$SYS/broker/version", b"\xffmosquitto"),
    ]
    found = visit(*hostile)
    assert found.pongs("hive") == []
    assert found.clock_offset("hive") is None
    assert not found.is_marked_online("hive")
