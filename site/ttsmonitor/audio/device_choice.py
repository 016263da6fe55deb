"""The sound device to play on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class DeviceChoice:
    """The wanted sound device. A change takes effect when the output is opened next."""

    name: str = ""
    """Name, part of the name, or index of the device; empty: the system's default."""
    preroll_seconds: float = 0.0
    """Silence before the first sound after some quiet seconds, in seconds."""
