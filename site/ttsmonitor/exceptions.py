"""Errors of the speech service. The docstring of each class is its default message."""

from __future__ import annotations

from ttsmirror.exceptions import MoxieTTSError


class SynthesisError(MoxieTTSError):
    """The voice could not speak this text."""


class RunawaySpeechError(SynthesisError):
    """The voice makes far more sound than the text can take."""


class VoiceNotFoundError(SynthesisError):
    """The voice is not installed."""


class AudioError(MoxieTTSError):
    """The sound device cannot be used."""


class TranslationError(MoxieTTSError):
    """The sentence could not be translated."""


class BackupError(MoxieTTSError):
    """The backup cannot be made or restored."""


class BadRequestError(MoxieTTSError):
    """The request cannot be understood."""
