"""The computer's time zone."""

from __future__ import annotations

from pathlib import Path

from openmoxie.clock import system_time_zone


def test_localtime_link_names_the_time_zone(tmp_path: Path) -> None:
    zone = tmp_path / "zoneinfo" / "Europe" / "Madrid"
    zone.parent.mkdir(parents=True)
    zone.touch()
    (tmp_path / "localtime").symlink_to(zone)
    assert system_time_zone(tmp_path / "localtime") == "Europe/Madrid"


def test_unknown_time_zone_is_utc(tmp_path: Path) -> None:
    assert system_time_zone(tmp_path / "missing") == "UTC"
    (tmp_path / "copy").touch()
    assert system_time_zone(tmp_path / "copy") == "UTC"
