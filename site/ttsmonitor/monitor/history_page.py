"""The page of the history: read, search, download, say again, delete, set the retention."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from ttsmirror.models import Utterance
from ttsmirror.wire.control import Control
from ttsmonitor.exceptions import BadRequestError
from ttsmonitor.history import conversations, counts, deletion, pagination, retention
from ttsmonitor.history.filters import Filters, day_span, with_chosen
from ttsmonitor.models import Scope
from ttsmonitor.monitor.control import obey
from ttsmonitor.monitor.downloads import FORMATS, file_response
from ttsmonitor.monitor.forms import RetentionForm
from ttsmonitor.web.access import is_permitted, needs
from ttsmonitor.web.jsonapi import is_json_wanted
from ttsmonitor.web.labels import strings
from ttsmonitor.web.pages import page, return_url

DELETE_PERMISSION = "ttsmirror.delete_utterance"
RETENTION_PERMISSION = "ttsmonitor.change_retentionpolicy"


@page
def history(request: HttpRequest) -> HttpResponse:
    """Show a page of the history by day and conversation, newest first."""
    try:
        filters = Filters.read(request.GET)
        found = pagination.read(filters.rows(), request.GET)
    except BadRequestError as exc:
        context = _base_context(request, Filters()) | {"problem": str(exc)}
        return render(request, "ttsmonitor/history.html", context, status=400)
    days = conversations.by_day(found.rows)
    if days and not filters.q:
        by_day = counts.count_by_day(filters, days[-1].date, days[0].date)
        for day in days:
            day.count = by_day[day.date]
    count, is_more = counts.count_hits(filters)
    context = _base_context(request, filters) | {
        "days": days,
        "count": count,
        "is_more": is_more,
        "next": found.next and urlencode(filters.query() | {"before": found.next}),
    }
    return render(request, "ttsmonitor/history.html", context)


def _base_context(request: HttpRequest, filters: Filters) -> dict[str, Any]:
    """Return what the page shows around the rows."""
    return {
        "filters": filters,
        "query": urlencode(filters.query()),
        "robots": with_chosen(counts.known_values("device_id"), filters.device_id),
        "sources": with_chosen(counts.known_values("source"), filters.source),
        "outcomes": Utterance.Status.choices,
        "formats": list(FORMATS),
        "may_delete": is_permitted(request, Scope.ADMIN, DELETE_PERMISSION),
        "may_set_retention": is_permitted(request, Scope.ADMIN, RETENTION_PERMISSION),
        "retention_days": retention.current_days(),
        "max_days": RetentionForm.MAX_DAYS,
        "strings": strings(),
    }


@require_safe
@never_cache
def download(request: HttpRequest, form: str) -> HttpResponseBase:
    """Send the filtered utterances as a file."""
    if form not in FORMATS:
        raise Http404
    try:
        rows = Filters.read(request.GET).rows()
    except BadRequestError as exc:
        return HttpResponse(str(exc), status=400, content_type="text/plain; charset=utf-8")
    return file_response(rows, form)


@needs(Scope.CONTROL)
@require_POST
def say_again(request: HttpRequest) -> HttpResponse:
    """Have an utterance spoken again."""
    utterance = _requested_utterance(request)
    obey(Control(action="replay", utterance_id=utterance.pk))
    detail = _("Saying it again.")
    if is_json_wanted(request):
        return JsonResponse({"ok": True, "detail": detail}, status=202)
    messages.success(request, detail)
    return redirect(return_url(request, reverse("history")))


@needs(Scope.ADMIN, DELETE_PERMISSION)
@require_POST
def delete(request: HttpRequest) -> HttpResponse:
    """Delete an utterance, a day or everything, after a confirmation."""
    target = _deletion_target(request)
    if "sure" not in request.POST:
        context = target | {"next": return_url(request, reverse("history"))}
        return render(request, "ttsmonitor/history_delete.html", context)
    if utterance := target.get("row"):
        deletion.delete_one(utterance.pk)
        is_done = True
    elif day := target.get("day"):
        is_done = deletion.delete_span(*day_span(day))
    else:
        is_done = deletion.delete_span(None, timezone.now())
    messages.success(request, _("Deleted.") if is_done else _("Deleting. This takes a while."))
    history_url = reverse("history")
    return redirect(return_url(request, history_url) if "row" in target else history_url)


def _deletion_target(request: HttpRequest) -> dict[str, Any]:
    """Return what is to be deleted, and its number of utterances, for the confirmation."""
    if request.POST.get("id"):
        return {"row": _requested_utterance(request), "count": 1}
    try:
        day = Filters.read({"day": request.POST.get("day", "")}).day
    except BadRequestError as exc:
        raise Http404(str(exc)) from exc
    if day is None and request.POST.get("all") != "1":
        raise Http404
    return {"day": day, "count": counts.count(Filters(day=day))}


@needs(Scope.ADMIN, RETENTION_PERMISSION)
@require_POST
def set_retention(request: HttpRequest) -> HttpResponse:
    """Store after how many days an utterance is deleted."""
    form = RetentionForm(request.POST)
    if form.is_valid():
        retention.set_days(form.cleaned_data["days"])
        messages.success(request, _("Retention saved."))
    else:
        messages.error(request, " ".join(map(str, form.errors["days"])))
    return redirect("history")


def _requested_utterance(request: HttpRequest) -> Utterance:
    """Return the utterance of the form's `id`."""
    try:
        return Utterance.objects.get(pk=uuid.UUID(request.POST.get("id", "")))
    except (ValueError, Utterance.DoesNotExist) as exc:
        raise Http404 from exc
