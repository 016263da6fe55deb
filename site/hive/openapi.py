"""The hive's API, put together."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from hive.api import chat, favourites, robots
from hive.api.schemas import VISIT as VISIT
from ttsmonitor.web.api import JsonApi

hive = JsonApi(
    _("Moxie: the hive"),
    _("Robots and their speech, and conversations without a robot."),
    [robots.router, favourites.router, chat.router],
)
