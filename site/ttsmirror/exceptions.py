"""Errors of the mirror. The docstring of each class is its default message."""

from __future__ import annotations


class MoxieTTSError(Exception):
    """The Moxie TTS mirror cannot do this."""

    def __init__(self, message: str | None = None) -> None:
        """Use `message`, or the docstring of the class if none is given."""
        super().__init__(message or (self.__doc__ or "").strip())


class InvalidMessageError(MoxieTTSError):
    """The MQTT message cannot be read."""


class BrokerError(MoxieTTSError):
    """The MQTT broker cannot be reached."""


class AlreadyRunningError(MoxieTTSError):
    """Another process of this installation is running."""
