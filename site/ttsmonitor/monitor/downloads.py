"""The history as a file, written while it is read: it may be larger than the memory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import get_language, override

from ttsmirror.models import Utterance, UtteranceQuerySet
from ttsmonitor.history import pagination
from ttsmonitor.history.serializers import serialize
from ttsmonitor.web.labels import reason_text, source_label

BATCH = 1_000
COLUMNS = (
    "received_at", "text", "source", "device_id", "status", "error", "mood", "intensity", "lang",
    "voice", "engine", "priority", "published_at", "started_at", "finished_at", "first_audio_ms",
    "audio_seconds", "id",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are wide ones of the first four."""


@dataclass(frozen=True)
class Format:
    """How rows become a file."""

    content_type: str
    lines: Callable[[Sequence[Utterance]], str]
    head: str = ""
    between: str = ""
    foot: str = ""


def as_text(rows: Sequence[Utterance]) -> str:
    """A line each: when, whence, what, and where it was not spoken why."""
    lines = []
    for row in rows:
        moment = timezone.localtime(row.received_at).strftime("%Y-%m-%d %H:%M:%S")
        where = ", ".join(filter(None, (row.device_id, source_label(row.source))))
        words = " ".join(row.text.split())
        if row.status != Utterance.Status.SPOKEN:
            why = ": ".join(filter(None, (row.get_status_display(), reason_text(row.error))))
            words = f"{words} [{why}]"
        lines.append(f"{moment}  {where}  {words}\n")
    return "".join(lines)


def as_csv(rows: Sequence[Utterance]) -> str:
    """In the order of COLUMNS."""
    content = io.StringIO()
    writer = csv.writer(content)
    for row in rows:
        values = serialize(row)
        writer.writerow([_harmless(values[name]) for name in COLUMNS])
    return content.getvalue()


def _harmless(value: object) -> object:
    """A spreadsheet takes some texts for formulas, and would do what they say."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def as_json(rows: Sequence[Utterance]) -> str:
    return ",\n".join(json.dumps(serialize(row), ensure_ascii=False) for row in rows)


FORMATS = {
    "txt": Format("text/plain; charset=utf-8", as_text),
    # The mark tells spreadsheets that it is UTF-8.
    "csv": Format("text/csv; charset=utf-8", as_csv, head="\ufeff" + ",".join(COLUMNS) + "\r\n"),
    "json": Format("application/json", as_json, head="[\n", between=",\n", foot="\n]\n"),
}


def answer(rows: UtteranceQuerySet, form: str) -> StreamingHttpResponse:
    """Rows as a file of this of the FORMATS, in the visitor's language."""
    name = f"moxie-{timezone.localdate():%Y-%m-%d}.{form}"
    return StreamingHttpResponse(
        stream(rows, FORMATS[form], get_language() or "en"),
        content_type=FORMATS[form].content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def stream(rows: UtteranceQuerySet, form: Format, language: str) -> AsyncIterator[str]:
    """The file, a batch at a time, each by a query of its own that holds up nobody."""
    # The request, and its time zone with it, is over when the file is written.
    return _stream(form, _parts(rows, form, language, timezone.get_current_timezone()))


async def _stream(form: Format, parts: Iterator[str]) -> AsyncIterator[str]:
    following = sync_to_async(lambda: next(parts, None))
    yield form.head
    while (part := await following()) is not None:
        yield part
    yield form.foot


def _parts(rows: UtteranceQuerySet, form: Format, language: str, zone: tzinfo) -> Iterator[str]:
    before = ""
    while True:
        batch = list((pagination.after(rows, before) if before else rows)[:BATCH])
        if not batch:
            return
        with override(language), timezone.override(zone):
            content = form.lines(batch)
        yield (form.between if before else "") + content
        if len(batch) < BATCH:
            return
        before = pagination.cursor(batch[-1])
