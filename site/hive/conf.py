"""Settings of the hive: the robots' side."""

from __future__ import annotations

from ttsmonitor.conf import AppSettings


class HiveSettings(AppSettings):
    """What the hive can be told beside what it shares with the speech service."""

    HIVE_PORT: int = 8000
    """Port of the hive's pages."""
    HIVE_CONFIG_DELAY_SECONDS: float = 1.0
    """Seconds between a robot's connect and its configuration: it has to subscribe first."""
    HIVE_SILENCE_SECONDS: float = 90.0
    """Seconds of silence after which a robot counts as offline, where the broker shows no log."""
    HIVE_CHAT_MODULE: str = "OPENMOXIE_CHAT"
    """Id of the conversation that the hive hosts, as a robot's schedule names it."""


conf = HiveSettings()
