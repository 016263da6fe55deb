"""The hive's API, put together."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from hive import api
from hive.chat import api as chat_api
from hive.puppet import api as puppet_api
from hive.schemas import VISIT as VISIT
from ttsmonitor.web.api import JsonApi

hive = JsonApi(
    _("Moxie: the hive"),
    _("Robots and what they are to say, and conversations without a robot."),
    [api.router, puppet_api.router, chat_api.router],
)
