"""Codes for what keeps the speech service from being heard."""

from __future__ import annotations

from typing import Any

import pytest

from ttsmonitor.service.alerts import find_alerts

FINE: dict[str, Any] = {"muted": False, "volume": 0.5, "paused": False, "voice_missing": False}


@pytest.mark.parametrize(
    ("status", "failing", "alerts"),
    [
        ({}, [], []),
        ({"muted": True, "paused": True}, [], ["muted", "paused"]),
        ({"volume": 0}, ["synthesis"], ["voice", "silent"]),
        ({"voice_missing": True}, ["synthesis"], ["voice"]),
        ({"voice_missing": True}, [], ["voice"]),
        ({}, ["database", "queue", "translation"], ["fault"]),
        ({}, ["audio", "broker"], ["audio", "broker"]),
    ],
)
def test_alerts_name_failing_checks_and_controls(
    status: dict[str, Any], failing: list[str], alerts: list[str]
) -> None:
    checks = {name: {"ok": False} for name in failing} | {"fine": {"ok": True}}
    assert find_alerts(FINE | status, checks) == alerts
