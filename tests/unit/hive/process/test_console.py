"""Output of run_all's processes on its terminal."""

from __future__ import annotations

import io
import json
import logging
import re

import pytest

from hive.process.console import Console
from ttsmirror.mqtt import connection

STAMP = "2026-11-30T11:41:10"
ORDINARY = [
    f"{STAMP}: New connection from 127.0.0.1:39248 on port 48102.",
    f"{STAMP}: New client connected from 127.0.0.1:1 as d_1 (p2, c1, k60, u'unknown').",
    f"{STAMP}: Client d_1 disconnected.",
    f"{STAMP}: Client d_1 [127.0.0.1:1883] disconnected: connection closed by client.",
    f"{STAMP}: Client d_1 closed its connection.",
    f"{STAMP}: Client d_1 has exceeded timeout, disconnecting.",
    f"{STAMP}: Client d_1 already connected, closing old connection.",
    "2026-11-30 11:41:11,860 INFO ttsmirror.mqtt.connection: moxie-hive-1 connected to the"
    " broker at localhost:48102",
]
WORTH_SHOWING = [
    f"{STAMP}: Warning: Mosquitto should not be run as root/administrator.",
    f"{STAMP}: Client d_1 disconnected, not authorised.",
    f"{STAMP}: Client d_1 disconnected due to protocol error.",
    f"{STAMP}: OpenSSL Error[0]: error:0A000416:SSL routines::sslv3 alert certificate unknown",
    f"{STAMP}: Error: Address already in use",
    "2026-11-30 11:41:11,860 INFO ttsmirror.mqtt.connection: moxie-hive-1 connected to the"
    " broker at localhost:48102 after a failure",
    "2026-11-30 11:41:11,860 WARNING ttsmirror.mqtt.connection: moxie-hive-1: no broker answers"
    " at localhost:48102; trying again",
    "2026-11-30 11:41:15,554 INFO hive.mqtt.moxie_server: robot d_1 is connected",
]


def printed(line: str) -> str:
    output = io.StringIO()
    Console(output).write(f"{line}\n", "broker")
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


def test_lines_name_their_process() -> None:
    assert re.fullmatch(r"\d\d:\d\d:\d\d broker \| ready\n", printed("ready"))


def test_our_own_connection_line_is_ordinary() -> None:
    assert connection.logger.name in ORDINARY[-1]


def test_closed_terminal_is_survived() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError("Input/output error")

    console = Console(Closed())
    console.write("first")
    console.write("second")


def test_every_line_is_an_object_with_json_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "json")
    output = io.StringIO()
    console = Console(output)
    own = '{"timestamp": "2026-12-01T08:30:00.125Z", "message": "ready"}'
    console.write(f"{own}\n", "speech")
    console.write(WORTH_SHOWING[0], "broker")
    console.write(WORTH_SHOWING[4], "broker")
    console.write(ORDINARY[0], "broker")
    console.write_plain("account: boss\npassword: x")
    first, *rest = output.getvalue().splitlines()
    assert first == own
    entries = [json.loads(line) for line in rest]
    assert [(each["level"], each["logger"], each["message"]) for each in entries] == [
        ("WARNING", "broker", WORTH_SHOWING[0]),
        ("ERROR", "broker", WORTH_SHOWING[4]),
        ("INFO", "system", "account: boss\npassword: x"),
    ]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("<4>hive.chat: no answer", "<4>hive | hive.chat: no answer"),
        (
            f"{STAMP}: mosquitto version 2.0.11 starting",
            "<6>hive | mosquitto version 2.0.11 starting",
        ),
        (f"{STAMP}: Warning: as root", "<4>hive | Warning: as root"),
        (f"{STAMP}: Error: Address in use", "<3>hive | Error: Address in use"),
        (
            "Warning: ACL pattern '/devices/+/+/state' does not contain '%c'",
            "<6>hive | Warning: ACL",
        ),
        ("CommandError: Port 8000 is in use", "<3>hive | CommandError: Port 8000 is in use"),
        ("<6>ttsmirror.mqtt.connection: moxie-hive connected to the broker at localhost:1883", ""),
    ],
)
def test_journal_gets_priorities_and_no_time(
    line: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_FORMAT", "journal")
    output = io.StringIO()
    Console(output).write(f"{line}\n", "hive")
    assert output.getvalue().startswith(shown)
    assert bool(output.getvalue()) == bool(shown)


def test_journal_shows_summary_and_warnings_with_priorities(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOG_FORMAT", "journal")
    output = io.StringIO()
    console = Console(output)
    console.write_plain("ready\n  Robots")
    console.warn("hive ended by itself")
    assert output.getvalue() == "<6>ready\n<6>  Robots\n<4>system | hive ended by itself\n"
