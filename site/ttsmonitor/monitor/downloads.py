"""Downloads of the history, written while it is read because it may not fit in memory."""

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
from ttsmirror.translations import translate
from ttsmonitor.history import pagination
from ttsmonitor.history.serializers import COLUMNS, serialize
from ttsmonitor.web.labels import robot_label, source_label

BATCH = 1_000
CSV_COLUMNS = tuple(name for name in COLUMNS if name != "reason")
"""The reason is a structure, and `error` has its words."""
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are the full-width forms of the first four."""


@dataclass(frozen=True)
class Format:
    """A file format: how batches of rows become text."""

    content_type: str
    lines: Callable[[Sequence[Utterance]], str]
    head: str = ""
    between: str = ""
    foot: str = ""


def as_text(rows: Sequence[Utterance]) -> str:
    """Return one line for each: time, robot and source, text, and why it was not spoken."""
    lines = []
    for row in rows:
        moment = timezone.localtime(row.received_at).strftime("%Y-%m-%d %H:%M:%S")
        where = ", ".join(filter(None, (robot_label(row.device_id), source_label(row.source))))
        words = " ".join(row.text.split())
        if row.translation:
            words = f"{words} → {' '.join(row.translation.split())}"
        if row.status != Utterance.Status.SPOKEN:
            why = ": ".join(filter(None, (row.get_status_display(), translate(row.failure))))
            words = f"{words} [{why}]"
        lines.append(f"{moment}  {where}  {words}\n")
    return "".join(lines)


def as_csv(rows: Sequence[Utterance]) -> str:
    """Return one CSV line for each, in the order of CSV_COLUMNS."""
    content = io.StringIO()
    writer = csv.writer(content)
    for row in rows:
        values = serialize(row)
        writer.writerow([_without_formula(values[name]) for name in CSV_COLUMNS])
    return content.getvalue()


def _without_formula(value: object) -> object:
    """Put a quote before text that a spreadsheet would execute as a formula."""
    is_formula = isinstance(value, str) and value.startswith(_FORMULA_PREFIXES)
    return f"'{value}" if is_formula else value


def as_json(rows: Sequence[Utterance]) -> str:
    """Return JSON objects, separated by commas."""
    return ",\n".join(json.dumps(serialize(row), ensure_ascii=False) for row in rows)


FORMATS = {
    "txt": Format("text/plain; charset=utf-8", as_text),
    # Spreadsheets recognize UTF-8 by the byte-order mark.
    "csv": Format(
        "text/csv; charset=utf-8", as_csv, head="\ufeff" + ",".join(CSV_COLUMNS) + "\r\n"
    ),
    "json": Format("application/json", as_json, head="[\n", between=",\n", foot="\n]\n"),
}


def file_response(rows: UtteranceQuerySet, form: str) -> StreamingHttpResponse:
    """Return rows as a file of one of the FORMATS, in the visitor's language."""
    name = f"moxie-{timezone.localdate():%Y-%m-%d}.{form}"
    return StreamingHttpResponse(
        stream(rows, FORMATS[form], get_language() or "en"),
        content_type=FORMATS[form].content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def stream(rows: UtteranceQuerySet, form: Format, language: str) -> AsyncIterator[str]:
    """Yield the file in batches, each read by a short query of its own."""
    # The time zone of the request is no longer active while the file is written.
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
