"""Codes for what keeps the speech service from being heard, on pages and on moxie/tts/status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BY_CHECK = {"broker": "broker", "audio": "audio", "synthesis": "voice"}
_FAULT = "fault"
"""The code of every other check that fails."""


def find_alerts(status: Mapping[str, Any], checks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the codes for a state of the service and its health checks."""
    missing = ["voice"] if status["voice_missing"] else []
    failing = [_BY_CHECK.get(name, _FAULT) for name, check in checks.items() if not check["ok"]]
    controls = {
        "muted": status["muted"],
        "silent": status["volume"] == 0,
        "paused": status["paused"],
    }
    return [
        *dict.fromkeys([*failing, *missing]),
        *(code for code, is_set in controls.items() if is_set),
    ]
