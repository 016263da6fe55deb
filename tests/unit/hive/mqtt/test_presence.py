"""Presence of robots."""

from __future__ import annotations

from hive.mqtt.presence import Presence

ID = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
CONNECTED = f"1: New client connected from 127.0.0.1:1 as {ID} (p2, c1, k60)."
DISCONNECTED = f"1: Client {ID} disconnected."
UNRELATED = "1: New connection from 127.0.0.1:37672 on port 1883."


class Watched(Presence):
    """A presence that records its changes."""

    def __init__(self, silence_seconds: float) -> None:
        self.changes: list[str] = []
        super().__init__(
            silence_seconds,
            on_arrival=lambda device_id: self.changes.append("arrival"),
            on_departure=lambda device_id: self.changes.append("departure"),
        )


def test_first_message_counts_as_arrival() -> None:
    presence = Watched(60)
    presence.mark_seen(ID)
    presence.mark_seen(ID)
    assert presence.changes == ["arrival"]
    assert presence.devices == [ID]


def test_broker_log_causes_arrivals_and_a_single_departure() -> None:
    presence = Watched(60)
    for line in (CONNECTED, CONNECTED, DISCONNECTED, DISCONNECTED):
        presence.read_log_line(line)
    assert presence.changes == ["arrival", "arrival", "departure"]
    assert ID not in presence


def test_silent_robot_leaves_without_log() -> None:
    presence = Watched(-1)
    presence.mark_seen(ID)
    presence.remove_silent()
    assert presence.changes == ["arrival", "departure"]


def test_silent_robot_stays_with_log() -> None:
    presence = Watched(-1)
    presence.read_log_line(UNRELATED)
    presence.mark_seen(ID)
    presence.remove_silent()
    assert ID in presence


def test_lost_broker_clears_robots_and_log() -> None:
    presence = Watched(-1)
    presence.read_log_line(CONNECTED)
    presence.remove_all()
    assert presence.changes == ["arrival", "departure"]
    presence.mark_seen(ID)
    presence.remove_silent()
    assert ID not in presence
