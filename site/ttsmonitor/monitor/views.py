"""The pages of the monitor and of the diagnostics, and /health for monitoring tools."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views import csrf
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ttsmirror.models import Utterance
from ttsmonitor.doctor.registry import run_checks
from ttsmonitor.exceptions import BadRequestError
from ttsmonitor.history import pagination, stats
from ttsmonitor.history.conversations import by_date
from ttsmonitor.history.counts import recent_values
from ttsmonitor.history.filters import Filters, with_chosen
from ttsmonitor.models import Scope
from ttsmonitor.monitor import snapshot
from ttsmonitor.monitor.forms import voice_choices
from ttsmonitor.service.service import LAMPS
from ttsmonitor.web import jsonapi
from ttsmonitor.web.access import is_permitted
from ttsmonitor.web.labels import MOODS, SOURCES, strings
from ttsmonitor.web.pages import page


@page
def monitor(request: HttpRequest) -> HttpResponse:
    """Draw the monitor; monitor.js keeps it up to date."""
    filters = _filters(request)
    newest = pagination.read(filters.rows().finished(), {}, snapshot.RECENT)
    waiting = snapshot.waiting_rows()
    context = {
        "status": snapshot.status(),
        "queue": waiting.rows,
        "queue_count": waiting.count,
        "days": list(by_date(newest.rows)),
        "has_older": newest.next is not None,
        "filters": filters,
        "robots": with_chosen(recent_values("device_id"), filters.device_id),
        "sources": with_chosen([*SOURCES, *recent_values("source")], filters.source),
        "outcomes": [each for each in Utterance.Status if each not in Utterance.UNFINISHED],
        "moods": MOODS,
        "voices": voice_choices(),
        "strings": strings(),
    }
    return render(request, "ttsmonitor/monitor.html", context)


@page
def diagnostics(request: HttpRequest) -> HttpResponse:
    """Draw figures, checks, charts and the log; diagnostics.js keeps them up to date.

    With `checks` in the address, the doctor's checks are run for it.
    """
    context = {
        "lamps": lamps(snapshot.health(), snapshot.status()),
        "stats": stats.collect(),
        "activity": list(reversed(snapshot.activity())),
        "results": run_checks() if request.GET.get("checks") else [],
        "strings": strings(),
    }
    return render(request, "ttsmonitor/diagnostics.html", context)


@login_not_required
@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when everything works, else 503, with named checks."""
    report = snapshot.health()
    if snapshot.NOT_RUNNING in (check["detail"] for check in report["checks"].values()):
        return JsonResponse(report | {"detail": snapshot.NOT_RUNNING}, status=503)
    return health_answer(request, report)


def health_answer(request: HttpRequest, report: dict[str, Any]) -> JsonResponse:
    """Return a report of checks; details can quote utterances, so they need access."""
    if not _may_see_details(request):
        bare = {
            name: {"ok": check["ok"], "since": check["since"]}
            for name, check in report["checks"].items()
        }
        report = {"ok": report["ok"], "checks": bare}
    return JsonResponse(report, status=200 if report["ok"] else 503)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a failed CSRF check: JSON for the API, Django's page elsewhere."""
    if not jsonapi.is_api(request):
        return csrf.csrf_failure(request, reason)
    detail = _("Send the X-CSRFToken header, or a token: Authorization: Bearer …")
    return jsonapi.error("csrf_failed", detail, 403)


def lamps(health: dict[str, Any], status: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the checks with icon, label and detail; the detail of a failure is its reason."""
    shown = []
    for lamp in LAMPS:
        check = health["checks"].get(lamp.name) or snapshot.failed_check()
        detail = lamp.find(status) if check["ok"] else check["detail"]
        shown.append(check | vars(lamp) | {"detail": detail})
    return shown


def _filters(request: HttpRequest) -> Filters:
    """Return the filters of the address, or none where they are not valid."""
    try:
        return Filters.read(request.GET)
    except BadRequestError:
        return Filters()


def _may_see_details(request: HttpRequest) -> bool:
    try:
        return is_permitted(request, Scope.READ)
    except DatabaseError:
        return False  # the check of the database reports it
