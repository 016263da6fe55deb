"""What can go wrong, by name. The docstring of each class is its message."""

from __future__ import annotations


class TTSMonitorError(Exception):
    """The Moxie TTS mirror cannot do this."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class InvalidMessageError(TTSMonitorError):
    """The MQTT message cannot be read."""


class SynthesisError(TTSMonitorError):
    """The voice could not speak this text."""


class RunawaySpeechError(SynthesisError):
    """The voice makes far more sound than the text can take."""


class VoiceNotFoundError(SynthesisError):
    """The voice is not installed."""


class AudioError(TTSMonitorError):
    """The sound device cannot be used."""


class AlreadyRunningError(TTSMonitorError):
    """A service of this installation is running already."""


class BrokerError(TTSMonitorError):
    """The MQTT broker cannot be reached."""


class BadRequestError(TTSMonitorError):
    """The request cannot be understood."""
