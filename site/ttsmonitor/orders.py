"""What a page orders the speech service to do, wherever that runs."""

from __future__ import annotations

from ttsmonitor import service
from ttsmonitor.messages import Control
from ttsmonitor.mirror import get_tts_mirror


def obey(control: Control) -> None:
    """Have it done: by the service of this process, else by the one that the broker reaches."""
    running = service.current()
    if running is not None:
        running.control(control)
    else:
        get_tts_mirror().publish_control(control)
