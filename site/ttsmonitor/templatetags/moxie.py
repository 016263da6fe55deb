"""Template tags of the pages."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ttsmirror.translations import translate
from ttsmirror.wire.fields import format_time
from ttsmonitor.doctor.base import Finding
from ttsmonitor.doctor.output import LABELS
from ttsmonitor.system.commands import manage_command
from ttsmonitor.web import labels, translations

register = template.Library()
register.filter("source_label", labels.source_label)
register.filter("reason_text", translations.reason_text)
register.filter("sentence", translate)
register.filter("robot_label", labels.robot_label)


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """Render an icon of the sprite in the colour of its text, hidden from screen readers.

    `extra` are further classes. The names are the symbols of vendor/bootstrap-icons/icons.svg.
    """
    sprite = static("ttsmonitor/vendor/bootstrap-icons/icons.svg")
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra,
        sprite,
        name,
    )


@register.simple_tag
def manage(arguments: str) -> str:
    """Return a management command as it is typed on the server's computer."""
    return manage_command(arguments)


@register.filter
def word(text: str) -> str:
    """Translate a label."""
    return gettext(text) if text else ""


@register.filter
def level_label(finding: Finding) -> str:
    """Return how bad a finding of the doctor is."""
    return gettext(LABELS[finding.level])


@register.filter
def iso(value: datetime | None) -> str:
    """Format a time as events and the API do, so that scripts can compare the two."""
    return format_time(value) if value else ""


@register.filter
def when(value: datetime | str | None) -> str:
    """Write the time of day, with the date if it is not today, as times.js does."""
    if not isinstance(value, datetime):  # a template for scripts has no value
        return ""
    local = timezone.localtime(value)
    is_today = local.date() == timezone.localdate()
    return date_format(local, "TIME_FORMAT" if is_today else "DATETIME_FORMAT")


@register.filter
def moment(value: str | None) -> datetime | None:
    """Parse an ISO 8601 time."""
    return parse_datetime(value) if value else None
