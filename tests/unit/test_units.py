"""The units of the audio host: what they may do, and how they tell of their life."""

from __future__ import annotations

import os
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from tests.support.tools import ROOT

SERVICE = ROOT / "services" / "moxie-tts-subscriber"
UNITS = ["moxie-tts.service", "moxie-hive.service"]
EXPOSURE = 4.0
"""The highest exposure level that is accepted; 10 is a service without any limit."""


def section(name: str) -> dict[str, str]:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(SERVICE / name)
    return dict(parser["Service"])


@pytest.fixture(params=UNITS)
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a unit as it is installed, with its drop-in."""
    text = (SERVICE / request.param).read_text() + (SERVICE / "hardening.conf").read_text()
    installed = tmp_path / str(request.param)
    installed.write_text(
        text.replace("@PROJECT@/.venv/bin/python", "/bin/sh").replace("@PROJECT@", "/")
    )
    return installed


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_exposure_of_the_units_is_low(unit: Path) -> None:
    limit = f"--threshold={round(10 * EXPOSURE)}"
    done = subprocess.run(
        ["systemd-analyze", "--user", "--no-pager", "security", "--offline=true", limit, str(unit)],
        env=os.environ | {"XDG_RUNTIME_DIR": str(unit.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Overall exposure level" in done.stdout + done.stderr


@pytest.mark.parametrize("name", UNITS)
def test_units_are_watched_and_write_for_the_journal(name: str) -> None:
    service = section(name)
    assert service["Type"] == "notify" and int(service["WatchdogSec"]) > 0
    assert service["Environment"] == "LOG_FORMAT=journal"
    assert service["SyslogLevel"] == "warning", "what a crash prints has no priority"
    assert service["KillMode"] == "mixed", "each service ends its own processes"
    assert service["Restart"] == "on-failure"


def test_hardening_leaves_sound_and_home_alone() -> None:
    """Sound needs its device and socket; voices, history and settings lie at home."""
    hardening = section("hardening.conf")
    assert not {"PrivateDevices", "ProtectHome", "PrivateTmp", "PrivateNetwork"} & set(hardening)
    assert hardening["ProtectSystem"] == "full"
    assert "AF_UNIX" in hardening["RestrictAddressFamilies"]
