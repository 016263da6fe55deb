"""What only the speech service has in Django's admin: voices, tokens, what could not be read."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ttsmirror.admin import ReadOnly
from ttsmonitor.models import ApiToken, QuarantinedMessage, VoiceSetting
from ttsmonitor.monitor.forms import VoiceSettingForm

SHOWN_BYTES = 4096


@admin.register(VoiceSetting)
class VoiceSettingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who speaks how: read anew for every utterance."""

    form = VoiceSettingForm
    list_display = ("__str__", "voice", "speaker", "speed", "volume")
    fieldsets: ClassVar = (
        (_("For what comes"), {"fields": ("device_id", "source", "lang")}),
        (_("How it is spoken"), {"fields": ("voice", "speaker", "speed", "volume")}),
    )


@admin.register(QuarantinedMessage)
class QuarantinedMessageAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("received_at", "topic", "reason", "size")
    list_filter = ("received_at",)
    search_fields = ("topic", "reason")
    date_hierarchy = "received_at"
    fields = ("received_at", "topic", "reason", "size", "content")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuarantinedMessage]:
        # A list shows no payload: a hundred of them would be megabytes.
        rows: QuerySet[QuarantinedMessage] = super().get_queryset(request).defer("payload")
        return rows.annotate(payload_bytes=Length("payload"))

    class Media:
        css: ClassVar = {"all": ("ttsmonitor/admin.css",)}

    @admin.display(description=_("bytes"), ordering="payload_bytes")
    def size(self, message: QuarantinedMessage) -> int:
        payload_bytes: int = message.payload_bytes  # type: ignore[attr-defined]
        return payload_bytes

    @admin.display(description=_("payload"))
    def content(self, message: QuarantinedMessage) -> SafeString:
        return format_html('<pre class="payload">{}</pre>', readable(bytes(message.payload)))


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Issued by the command create_api_token, which shows the token once; withdrawn here."""

    list_display = fields = ("name", "owner", "created_at")

    @admin.display(description=_("user"), ordering="user")
    def owner(self, token: ApiToken) -> str:
        return str(token.user)


def readable(payload: bytes) -> str:
    """The bytes as text: what is no printable UTF-8 as \\xNN, and no more than the first 4 KiB."""
    text = payload[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    shown = "".join(
        character if character.isprintable() or character in "\n\t" else _escaped(character)
        for character in text
    )
    return f"{shown} …" if len(payload) > SHOWN_BYTES else shown


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
