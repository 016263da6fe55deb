"""The messages between the speech service and the synthesis process.

To the process: Job, Cancel, Prepare. From it: Ready, Loading, Sound, Done.
"""

from __future__ import annotations

from dataclasses import dataclass

from ttsmonitor.synthesis.base import Block, SpeechRequest
from ttsmonitor.synthesis.voice import VoiceLabel


@dataclass(frozen=True)
class Job:
    """A request to speak."""

    number: int
    request: SpeechRequest


@dataclass(frozen=True)
class Cancel:
    """A request to end a job."""

    number: int


@dataclass(frozen=True)
class Prepare:
    """A request to load a voice when idle."""

    request: SpeechRequest


@dataclass(frozen=True)
class Loading:
    """A voice is being loaded; a new one may take long."""


@dataclass(frozen=True)
class Ready:
    """The default engine is loaded and warm; if not, `error` is the reason."""

    label: VoiceLabel | None
    error: str = ""


@dataclass(frozen=True)
class Sound:
    """A block of a job's sound and the voice that made it."""

    number: int
    block: Block
    label: VoiceLabel


@dataclass(frozen=True)
class Done:
    """The end of a job; `error` is the reason of a failure."""

    number: int
    error: str = ""
    remark: str = ""
    """Why another voice than the requested one spoke."""
    is_cut: bool = False
    """The job was cancelled, so sound is missing."""
    is_provisional: bool = False
    """The loudness of the sound is not final."""
    slowness: float = 0.0
    """Seconds that a second of sound takes to be made; 0 while unknown."""
