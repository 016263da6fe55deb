"""What a keeper can do in the admin with utterances: hear, say again, take along, delete."""

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
from ttsmonitor.admin.listing import MOST_COUNTED, number_of
from ttsmonitor.conf import conf
from ttsmonitor.history import deletion, retention
from ttsmonitor.monitor.control import obey, running_here
from ttsmonitor.monitor.downloads import answer

MOST_AGAIN = 20


class HistoryActions:
    """For the admin of utterances."""

    actions: Any = ("say_again", "as_text", "as_csv", "as_json")
    admin_site: admin.AdminSite

    def get_urls(self) -> list[Any]:
        sound = path(
            "<uuid:utterance_id>/sound/",
            self.admin_site.admin_view(self.sound_view),
            name="ttsmirror_utterance_sound",
        )
        return [sound, *super().get_urls()]  # type: ignore[misc]

    def sound_view(self, request: HttpRequest, utterance_id: uuid.UUID) -> HttpResponse:
        """To where the sound is made: here, or at the monitor of the same host."""
        where = f"/api/utterances/{utterance_id}/audio"
        if running_here() is not None:
            return redirect(where)
        host = request.get_host()
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        return redirect(f"{request.scheme}://{name}:{conf.HTTP_PORT}{where}")

    @admin.display(description=gettext_lazy("sound"))
    def sound(self, utterance: Utterance) -> SafeString:
        return format_html(
            '<audio controls preload="none" src="{}"></audio><div class="small quiet">{}</div>',
            reverse("admin:ttsmirror_utterance_sound", args=[utterance.pk]),
            _("Made by the speech service when you press play: it has to be running."),
        )

    @admin.action(description=gettext_lazy("Say the selected ones again"))
    def say_again(self, request: HttpRequest, queryset: QuerySet[Utterance]) -> None:
        rows = list(queryset.values_list("pk", flat=True)[: MOST_AGAIN + 1])
        if len(rows) > MOST_AGAIN:
            words = _("No more than {most} at once are said again.").format(most=MOST_AGAIN)
            messages.error(request, words)
            return
        for key in reversed(rows):  # oldest first
            obey(Control(action="replay", utterance_id=key))
        messages.success(request, _("They are said again: {count}.").format(count=len(rows)))

    @admin.action(description=gettext_lazy("Download the selected ones as text"))
    def as_text(self, request: HttpRequest, queryset: Any) -> StreamingHttpResponse:
        return answer(queryset, "txt")

    @admin.action(description=gettext_lazy("Download the selected ones as CSV"))
    def as_csv(self, request: HttpRequest, queryset: Any) -> StreamingHttpResponse:
        return answer(queryset, "csv")

    @admin.action(description=gettext_lazy("Download the selected ones as JSON"))
    def as_json(self, request: HttpRequest, queryset: Any) -> StreamingHttpResponse:
        return answer(queryset, "json")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        """Not each with all its chunks: they may be thousands."""
        rows = (
            objs
            if isinstance(objs, QuerySet)
            else Utterance.objects.filter(pk__in=[row.pk for row in objs])
        )
        count = number_of(rows)
        problems = []
        if count > MOST_COUNTED:
            problems = [_("More than {most} at once").format(most=MOST_COUNTED)]
        names = [str(row) for row in rows[:20]] + (["…"] if count > 20 else [])
        return names, {Utterance._meta.verbose_name_plural: count}, set(), problems

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        keys = list(queryset.values_list("pk", flat=True)[:MOST_COUNTED])
        for start in range(0, len(keys), retention.BATCH):
            batch = keys[start : start + retention.BATCH]
            Utterance.objects.finished().filter(pk__in=batch).delete()
        deletion.tell_pages()

    def delete_model(self, request: HttpRequest, obj: Utterance) -> None:
        deletion.forget_one(obj.pk)
