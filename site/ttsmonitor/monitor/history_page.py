"""The page of the history: what was said, found, said again, taken along and forgotten."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from ttsmirror.models import Utterance
from ttsmirror.wire.control import Control
from ttsmonitor.exceptions import BadRequestError
from ttsmonitor.history import (
    conversations,
    deletion,
    pagination,
    retention,
)
from ttsmonitor.history import (
    counts as counting,
)
from ttsmonitor.history.filters import Filters, span, with_chosen
from ttsmonitor.monitor.control import obey
from ttsmonitor.monitor.downloads import FORMATS, answer
from ttsmonitor.monitor.forms import KeepingForm
from ttsmonitor.web.labels import strings
from ttsmonitor.web.pages import page

DELETE = "ttsmirror.delete_utterance"
KEEP = "ttsmonitor.change_keeping"


@page
def history(request: HttpRequest) -> HttpResponse:
    """A page of it: by day and conversation, newest first."""
    try:
        filters = Filters.read(request.GET)
        shown = pagination.read(filters.rows(), request.GET)
    except BadRequestError as exc:
        context = _frame(request, Filters()) | {"problem": str(exc)}
        return render(request, "ttsmonitor/history.html", context, status=400)
    days = conversations.by_day(shown.rows)
    if days and not filters.q:
        counts = counting.by_day(filters, days[-1].date, days[0].date)
        for day in days:
            day.count = counts[day.date]
    context = _frame(request, filters) | {
        "days": days,
        "count": counting.count(filters),
        "next": shown.next and urlencode(filters.query() | {"before": shown.next}),
    }
    return render(request, "ttsmonitor/history.html", context)


def _frame(request: HttpRequest, filters: Filters) -> dict[str, Any]:
    """What stands around the rows."""
    seen = counting.seen()
    return {
        "filters": filters,
        "query": urlencode(filters.query()),
        "robots": with_chosen(seen["device_id"], filters.device_id),
        "sources": with_chosen(seen["source"], filters.source),
        "outcomes": Utterance.Status.choices,
        "formats": list(FORMATS),
        "may_delete": request.user.has_perm(DELETE),
        "may_keep": request.user.has_perm(KEEP),
        "kept_days": retention.kept_days(),
        "most_days": KeepingForm.MOST_DAYS,
        "strings": strings(),
    }


@require_safe
@never_cache
def download(request: HttpRequest, form: str) -> HttpResponseBase:
    """What the filters let through, as a file."""
    if form not in FORMATS:
        raise Http404
    try:
        rows = Filters.read(request.GET).rows()
    except BadRequestError as exc:
        return HttpResponse(str(exc), status=400, content_type="text/plain; charset=utf-8")
    return answer(rows, form)


@require_POST
def say_again(request: HttpRequest) -> HttpResponse:
    """Have an utterance of the history spoken once more."""
    row = _named(request)
    obey(Control(action="replay", utterance_id=row.pk))
    detail = _("It is said again.")
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"ok": True, "detail": detail}, status=202)
    messages.success(request, detail)
    return redirect(_back(request))


@require_POST
def delete(request: HttpRequest) -> HttpResponse:
    """One, a day or all: asked first, then done."""
    if not request.user.has_perm(DELETE):
        raise PermissionDenied
    what = _asked(request)
    if "sure" not in request.POST:
        context = what | {"next": _back(request)}
        return render(request, "ttsmonitor/history_delete.html", context)
    if row := what.get("row"):
        deletion.forget_one(row.pk)
        is_gone = True
    elif day := what.get("day"):
        is_gone = deletion.forget(*span(day))
    else:
        is_gone = deletion.forget(None, timezone.now())
    messages.success(
        request, _("It is deleted.") if is_gone else _("It is being deleted. That takes a while.")
    )
    return redirect(_back(request) if "row" in what else reverse("history"))


def _asked(request: HttpRequest) -> dict[str, Any]:
    """What is to be deleted, and how many that are."""
    if request.POST.get("id"):
        return {"row": _named(request), "count": 1}
    try:
        day = Filters.read({"day": request.POST.get("day", "")}).day
    except BadRequestError as exc:
        raise Http404(str(exc)) from exc
    if day is None and request.POST.get("all") != "1":
        raise Http404
    return {"day": day, "count": counting.count(Filters(day=day))}


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Say for how long the history is kept."""
    if not request.user.has_perm(KEEP):
        raise PermissionDenied
    form = KeepingForm(request.POST)
    if form.is_valid():
        retention.keep(form.cleaned_data["days"])
        messages.success(request, _("That is how long the history is kept from now on."))
    else:
        messages.error(request, " ".join(map(str, form.errors["days"])))
    return redirect("history")


def _named(request: HttpRequest) -> Utterance:
    """The utterance of the form's `id`."""
    try:
        return Utterance.objects.get(pk=uuid.UUID(request.POST.get("id", "")))
    except (ValueError, Utterance.DoesNotExist) as exc:
        raise Http404 from exc


def _back(request: HttpRequest) -> str:
    """Where the form was."""
    url = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    return url if is_ours else reverse("history")
