"""The monitor's API, put together."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from ttsmonitor.monitor import (
    api,
    pronounce_api,
    pronunciations_api,
    say_api,
    sound_api,
    stats_api,
    voices_api,
)
from ttsmonitor.web.api import JsonApi

monitor = JsonApi(
    _("Moxie: the live monitor"),
    _("State, queue and history of the speech service; control messages and new sentences."),
    [
        api.router,
        stats_api.router,
        say_api.router,
        pronounce_api.router,
        pronunciations_api.router,
        voices_api.router,
        sound_api.router,
    ],
)
