"""Send the control messages of pages to the speech service, in this process or by the broker."""

from __future__ import annotations

from ttsmirror.publishing.mirror import get_tts_mirror
from ttsmirror.wire.control import Control
from ttsmonitor.service import service


def obey(control: Control) -> None:
    """Execute a control message in this process, else publish it to the broker."""
    running = service.current()
    if running is not None:
        running.control(control)
    else:
        get_tts_mirror().publish_control(control)
