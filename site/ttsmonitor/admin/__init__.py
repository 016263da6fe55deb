"""Django's admin of the speech service: history, voices, tokens, quarantine."""

from ttsmonitor.admin import history, service  # noqa: F401  they register themselves
