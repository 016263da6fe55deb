"""The status line of every page: its notices, and the buttons that mend what they report."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from ttsmirror.database import AWAY
from ttsmirror.wire.control import Control
from ttsmonitor.models import Scope
from ttsmonitor.monitor.control import obey
from ttsmonitor.service import service
from ttsmonitor.service.alerts import find_alerts
from ttsmonitor.web.access import needs
from ttsmonitor.web.jsonapi import is_json_wanted
from ttsmonitor.web.notices import Notice
from ttsmonitor.web.pages import return_url

AUDIBLE_VOLUME = 0.6
MENDING = {
    "muted": Control(action="unmute"),
    "silent": Control(action="volume", value=AUDIBLE_VOLUME),
    "paused": Control(action="resume"),
}
"""The control that ends a notice, by its code."""


def speech_notices() -> Iterable[Notice]:
    """Return what the speech service of this process reports."""
    running = service.current()
    if running is None:
        return [Notice("speech")]
    try:
        status = running.status()
    except AWAY:
        return [Notice("fault")]  # the health check of the database reports it
    return [Notice(code) for code in find_alerts(status, running.health()["checks"])]


@needs(Scope.CONTROL)
@require_POST
def mend(request: HttpRequest) -> HttpResponseBase:
    """Send the control that ends a notice."""
    control = MENDING.get(request.POST.get("notice", ""))
    if control is None:
        raise Http404
    obey(control)
    if is_json_wanted(request):
        return JsonResponse({"ok": True}, status=202)
    return redirect(return_url(request, "/"))
