"""What the terminal of run_all shows of its processes."""

from __future__ import annotations

import io
import logging
from datetime import datetime

import pytest
from honcho.printer import Message

from hive.process.console import Console

STAMP = "2026-11-30T11:41:10"
ORDINARY = [
    f"{STAMP}: New connection from 127.0.0.1:39248 on port 48102.",
    f"{STAMP}: New client connected from 127.0.0.1:1 as d_1 (p2, c1, k60, u'unknown').",
    f"{STAMP}: Client d_1 disconnected.",
    f"{STAMP}: Client d_1 [127.0.0.1:1883] disconnected: connection closed by client.",
    f"{STAMP}: Client d_1 closed its connection.",
    f"{STAMP}: Client d_1 has exceeded timeout, disconnecting.",
    f"{STAMP}: Client d_1 already connected, closing old connection.",
    "2026-11-30 11:41:11,860 INFO ttsmonitor.mqtt.connection: moxie-hive-1 connected to the"
    " broker at localhost:48102",
]
WORTH_SHOWING = [
    f"{STAMP}: Warning: Mosquitto should not be run as root/administrator.",
    f"{STAMP}: Client d_1 disconnected, not authorised.",
    f"{STAMP}: Client d_1 disconnected due to protocol error.",
    f"{STAMP}: OpenSSL Error[0]: error:0A000416:SSL routines::sslv3 alert certificate unknown",
    f"{STAMP}: Error: Address already in use",
    "2026-11-30 11:41:11,860 INFO ttsmonitor.mqtt.connection: moxie-hive-1 connected to the"
    " broker at localhost:48102 after a failure",
    "2026-11-30 11:41:11,860 WARNING ttsmonitor.mqtt.connection: moxie-hive-1: no broker answers"
    " at localhost:48102; trying again",
    "2026-11-30 11:41:15,554 INFO hive.mqtt.moxie_server: robot d_1 is connected",
]


def printed(line: str) -> str:
    output = io.StringIO()
    Console(output).write(
        Message("line", f"{line}\n".encode(), datetime(2026, 11, 30), "broker", None)
    )
    return output.getvalue()


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_connections_are_not_printed(line: str) -> None:
    assert printed(line) == ""


@pytest.mark.parametrize("line", WORTH_SHOWING)
def test_everything_else_is_printed(line: str) -> None:
    assert line in printed(line)


def test_debug_level_prints_connections_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "hive.process.console")
    assert all(line in printed(line) for line in ORDINARY)
