"""Actions on utterances in the admin: play, say again, download, delete."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ttsmirror.models import Utterance
from ttsmirror.wire.control import Control
from ttsmonitor.admin.listing import MAX_COUNTED, count_up_to_limit
from ttsmonitor.conf import conf
from ttsmonitor.history import deletion, retention
from ttsmonitor.monitor.control import obey
from ttsmonitor.monitor.downloads import file_response
from ttsmonitor.service import service

MAX_SAID_AGAIN = 20
MAX_NAMED = 20


class HistoryActions:
    """A mixin for the admin of utterances."""

    actions: Any = ("say_again", "as_text", "as_csv", "as_json")
    admin_site: admin.AdminSite

    def get_urls(self) -> list[Any]:
        """Add the address of an utterance's sound."""
        sound = path(
            "<uuid:utterance_id>/sound/",
            self.admin_site.admin_view(self.sound_view),
            name="ttsmirror_utterance_sound",
        )
        return [sound, *super().get_urls()]  # type: ignore[misc]

    def sound_view(self, request: HttpRequest, utterance_id: uuid.UUID) -> HttpResponse:
        """Redirect to the sound in this process, else at the monitor on the same host."""
        url = f"/api/utterances/{utterance_id}/audio"
        if service.current() is not None:
            return redirect(url)
        host = request.get_host()
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        return redirect(f"{request.scheme}://{name}:{conf.HTTP_PORT}{url}")

    @admin.display(description=gettext_lazy("sound"))
    def sound(self, utterance: Utterance) -> SafeString:
        """Return a player."""
        return format_html(
            '<audio controls preload="none" src="{}"></audio><div class="small quiet">{}</div>',
            reverse("admin:ttsmirror_utterance_sound", args=[utterance.pk]),
            _("Made by the speech service when you press play: it has to be running."),
        )

    @admin.action(description=gettext_lazy("Say the selection again"))
    def say_again(self, request: HttpRequest, queryset: QuerySet[Utterance]) -> None:
        """Have the selected utterances spoken again, the oldest first."""
        keys = list(queryset.values_list("pk", flat=True)[: MAX_SAID_AGAIN + 1])
        if len(keys) > MAX_SAID_AGAIN:
            detail = _("At most {most} sentences can be said again at once.").format(
                most=MAX_SAID_AGAIN
            )
            messages.error(request, detail)
            return
        for key in reversed(keys):
            obey(Control(action="replay", utterance_id=key))
        messages.success(request, _("Sentences to be said again: {count}.").format(count=len(keys)))

    @admin.action(description=gettext_lazy("Download the selection as text"))
    def as_text(self, request: HttpRequest, queryset: Any) -> StreamingHttpResponse:
        """Download the selected utterances as text."""
        return file_response(queryset, "txt")

    @admin.action(description=gettext_lazy("Download the selection as CSV"))
    def as_csv(self, request: HttpRequest, queryset: Any) -> StreamingHttpResponse:
        """Download the selected utterances as CSV."""
        return file_response(queryset, "csv")

    @admin.action(description=gettext_lazy("Download the selection as JSON"))
    def as_json(self, request: HttpRequest, queryset: Any) -> StreamingHttpResponse:
        """Download the selected utterances as JSON."""
        return file_response(queryset, "json")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        """Name the first utterances only, and no chunks: there may be thousands."""
        rows = (
            objs
            if isinstance(objs, QuerySet)
            else Utterance.objects.filter(pk__in=[row.pk for row in objs])
        )
        count = count_up_to_limit(rows)
        problems = []
        if count > MAX_COUNTED:
            problems = [_("More than {most} at once").format(most=MAX_COUNTED)]
        names = [str(row) for row in rows[:MAX_NAMED]] + (["…"] if count > MAX_NAMED else [])
        return names, {Utterance._meta.verbose_name_plural: count}, set(), problems

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete the finished ones of the selected utterances."""
        keys = list(queryset.values_list("pk", flat=True)[:MAX_COUNTED])
        selected = Utterance.objects.finished().filter(pk__in=keys)
        retention.delete_in_batches(selected, lambda seconds: False)
        deletion.announce()

    def delete_model(self, request: HttpRequest, obj: Utterance) -> None:
        """Delete an utterance if it is finished."""
        deletion.delete_one(obj.pk)
