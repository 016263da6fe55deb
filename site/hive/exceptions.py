"""What can go wrong in the hive, by name."""

from __future__ import annotations

from ttsmonitor.exceptions import TTSMonitorError


class HiveError(TTSMonitorError):
    """The hive cannot do this."""


class NotReadyError(HiveError):
    """The hive is not set up."""
