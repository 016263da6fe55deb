"""Arrivals and departures read from the broker's log."""

from __future__ import annotations

import pytest

from hive.mqtt.broker_log import LogEvent, parse_log_line

ID = "d_1b4e28ba-2fa1"


@pytest.mark.parametrize(
    "line",
    [
        f"1795394992: New client connected from 127.0.0.1:37672 as {ID} (p2, c1, k60).",
        f"1795394992: New client connected from ::1:1 as {ID} (p2, c1, k60, u'unknown').",
        f"2026-11-23T00:26:00: New client connected from 10.0.0.2:1 as {ID} (p4, c0, k30).",
        f"New client connected from 10.0.0.2:1 as {ID} (p2, c1, k60).",
    ],
)
def test_connect_is_an_arrival(line: str) -> None:
    assert parse_log_line(line) == LogEvent(ID, online=True)


@pytest.mark.parametrize(
    "line",
    [
        f"1795394994: Client {ID} disconnected.",
        f"1795394994: Client {ID} disconnected, not authorised.",
        f"1795394994: Client {ID} [127.0.0.1:1883] disconnected: connection closed by client.",
        f"1795394994: Client {ID} closed its connection.",
        f"1795394994: Client {ID} has exceeded timeout, disconnecting.",
        f"1795394994: Socket error on client {ID}, disconnecting.",
        f"1795394994: Bad socket read/write on client {ID}: Protocol error.",
    ],
)
def test_disconnect_is_a_departure(line: str) -> None:
    assert parse_log_line(line) == LogEvent(ID, online=False)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1795394992: New connection from 127.0.0.1:37672 on port 1883.",
        f"1795394993: Client {ID} already connected, closing old connection.",
        "1795394994: Client moxie-hive disconnected.",
        "1795394994: New client connected from 127.0.0.1:1 as other (p2, c1, k60).",
        f"1: New client connected from 127.0.0.1:1 as x connected from 1 as {ID} (p2, c1).",
        f"1: New client connected from 127.0.0.1:1 as x (p2, c1, u'Client {ID} disconnected.').",
        # The name of the client begins with a robot's id and goes on like the line.
        f"1: New client connected from 127.0.0.1:1 as {ID} (x (p2, c1, k60).",
        f"1: New client connected from 127.0.0.1:1 as {ID} (p2, c1, k60, u'x (p2, c1, k60, u'y').",
        f"1: New client connected from 127.0.0.1:1 as {ID} (\nx (p2, c1, k60).",
        f"1: Client {ID} closed its connection closed its connection.",
        f"1: Client {ID} disconnected. has exceeded timeout, disconnecting.",
        f"1: Client {ID} disconnected\n closed its connection.",
        f"1: Client {ID} [::1:1] disconnected: x [::1:2] disconnected: not authorised.",
        f"1: Client {ID} closed its connection negotiated TLSv1.3 cipher TLS_AES_256_GCM_SHA384",
        f"1: Client {ID} disconnected: x already connected, closing old connection.",
        f"1: Client {ID} disconnected. has exceeded its receive-maximum quota. This behaviour",
        f"1: Client {ID} [x [::1:2] disconnected: connection closed by client.",
        f"1: Client {ID}: disconnected disconnected.",
        f"1: Socket error on client {ID}, disconnecting., disconnecting.",
        f"1: Bad socket read/write on client {ID}: x: Protocol error.",
    ],
)
def test_unrelated_and_forged_lines_are_ignored(line: str) -> None:
    assert parse_log_line(line) is None
