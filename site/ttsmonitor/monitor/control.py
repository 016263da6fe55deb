"""What a page orders the speech service to do, wherever that runs."""

from __future__ import annotations

from typing import Any

from ttsmirror.publishing.mirror import get_tts_mirror
from ttsmirror.wire.messages import Control
from ttsmonitor.apps import is_plugged_in


def running_here() -> Any:
    """The speech service of this process, or None; never in somebody else's OpenMoxie."""
    if is_plugged_in():
        return None
    from ttsmonitor.service import service  # it imports more than is installed there

    return service.current()


def obey(control: Control) -> None:
    """Have it done: by the service of this process, else by the one that the broker reaches."""
    running = running_here()
    if running is not None:
        running.control(control)
    else:
        get_tts_mirror().publish_control(control)
