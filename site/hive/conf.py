"""Settings of the hive."""

from __future__ import annotations

from ttsmonitor.conf import LanguageModelSettings


class HiveSettings(LanguageModelSettings):
    """The hive's settings, besides those that it shares with the speech service."""

    HIVE_PORT: int = 8000
    """Port of the hive's pages."""
    HIVE_ALLOW_NEW_ROBOTS: str = "ask"
    """Let new robots in without a person's approval: `ask` (never), `minute` (within
    the first minute after the start), `always`."""
    HIVE_CONFIG_DELAY_SECONDS: float = 1.0
    """Seconds between a robot's connect and its configuration: it has to subscribe first."""
    HIVE_SILENCE_SECONDS: float = 90.0
    """Seconds of silence after which a robot counts as offline, if the broker shows no log."""
    HIVE_CHAT_MODULE: str = "OPENMOXIE_CHAT"
    """Id of the conversation that the hive hosts, as a robot's schedule names it."""
    HIVE_CHAT_SECONDS: float = 12.0
    """Seconds that an answer may take, from the question to its last word."""
    HIVE_CHAT_CALLS: int = 4
    """Maximum number of requests to the language model at the same time."""
    HIVE_CHAT_HISTORY: int = 20
    """Maximum number of sentences of a conversation that the language model gets."""


conf = HiveSettings()
