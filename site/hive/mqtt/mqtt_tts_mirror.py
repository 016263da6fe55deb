"""The mirror, under the name that the specification gives it."""

from __future__ import annotations

from ttsmirror.publishing.mirror import (
    TTSMirrorPublisher,
    get_tts_mirror,
    intercept_all_tts,
    mirror_speech,
)

__all__ = ["TTSMirrorPublisher", "get_tts_mirror", "intercept_all_tts", "mirror_speech"]
