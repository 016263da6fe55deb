"""Send the control messages of pages to the speech service, in this process or by the broker."""

from __future__ import annotations

from typing import Any

from ttsmirror.publishing.mirror import get_tts_mirror
from ttsmirror.wire.control import Control


def running_here() -> Any:
    """Return the speech service of this process, or None."""
    from ttsmonitor.service import service  # here: the service imports the pages

    return service.current()


def obey(control: Control) -> None:
    """Execute a control message in this process, else publish it to the broker."""
    running = running_here()
    if running is not None:
        running.control(control)
    else:
        get_tts_mirror().publish_control(control)
