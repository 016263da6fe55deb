"""Mistakes in settings or on the command line are reported without a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tools import ROOT


def run(work: Path, settings: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a management command with shell-style settings before it."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
        "MOXIE_WORK_DIR": str(work),
    }
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=environment | dict(pair.split("=", 1) for pair in settings.split()),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("settings", "command", "said"),
    [
        ("HIVE_PORT=80000", "run_all", "HIVE_PORT=80000 is out of range"),
        (
            "HTTP_HOST=192.0.2.7",
            "run_all",
            "HTTP_HOST=192.0.2.7 is not an address of this computer",
        ),
        ("MQTT_PORT=0", "run_broker", "MQTT_PORT=0 is out of range"),
        ("MQTT_PORT=abc", "virtual_moxie", "MQTT_PORT='abc': give a whole number"),
        ("MQTT_PORT=abc", "run_all", "MQTT_PORT='abc': give a whole number"),
        ("MQTT_TLS=1 MQTT_CA_CERTS=/no", "run_tts_subscriber", "MQTT_CA_CERTS=/no cannot be read"),
        ("MQTT_TLS=1 MQTT_CA_CERTS=/no", "run_all", "MQTT_CA_CERTS=/no cannot be read"),
        ("LOG_LEVEL=verbose", "run_hive", "LOG_LEVEL='verbose': give one of DEBUG, INFO"),
        ("TZ=Mars/Base", "run_hive", "TZ='Mars/Base': give the name of a time zone"),
        ("DEBUG=maybe", "run_hive", "DEBUG='maybe': give 1 or 0"),
        ("DATABASE_URL=moxie:geheim@db", "prepare", "DATABASE_URL cannot be read"),
        ("DATABASE_URL=postgres://127.0.0.1:1/x", "prepare", "the database cannot be used"),
        ("REDIS_URL=localhost", "run_hive", "REDIS_URL cannot be read"),
        ("DEBUG=0", "broker_certificate /dev/null/x", "/dev/null/x cannot be used"),
        ("MOXIE_WORK_DIR=/dev/null/x", "run_hive", "The work directory /dev/null/x cannot be used"),
    ],
)
def test_wrong_setting_is_named(tmp_path: Path, settings: str, command: str, said: str) -> None:
    done = run(tmp_path, settings, *command.split())
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr


@pytest.mark.parametrize("command", ["say", "create_api_token"])
def test_non_utf8_argument_is_refused(tmp_path: Path, command: str) -> None:
    done = run(tmp_path, "", command, os.fsdecode(b"hol\xff"))
    assert done.returncode == 2
    assert "this is not UTF-8 text" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("option", "value"), [("--port", "99999"), ("--host", "mqtt://x")])
def test_invalid_address_is_refused(tmp_path: Path, option: str, value: str) -> None:
    done = run(tmp_path, "", "virtual_moxie", option, value)
    assert done.returncode == 2
    assert f"argument {option}: give" in done.stderr
