"""The download of the newest nightly backup, and the line about it on the settings page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ttsmonitor.backup.archive import BLOCK_BYTES
from ttsmonitor.backup.nightly import backups, last_failure
from ttsmonitor.conf import conf
from ttsmonitor.models import Scope
from ttsmonitor.web.access import is_permitted, needs

PERMISSION = "auth.change_user"
"""A backup holds what all accounts log in with, so it is for those who may change accounts."""


def backup_line(request: HttpRequest) -> dict[str, Any]:
    """Return what the settings page shows about nightly backups."""
    made = backups()
    return {
        "newest": made[-1] if made else None,
        "failure": last_failure(),
        "is_on": conf.MOXIE_BACKUPS > 0,
        "may_download": is_permitted(request, Scope.ADMIN, PERMISSION),
    }


@needs(Scope.ADMIN, PERMISSION)
@require_safe
@never_cache
def download(request: HttpRequest) -> StreamingHttpResponse:
    """Send the newest nightly backup."""
    try:
        newest = backups()[-1]
        file = newest.path.open("rb")
    except (IndexError, OSError) as exc:
        raise Http404 from exc
    return StreamingHttpResponse(
        _blocks(file),
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{newest.path.name}"',
            "Content-Length": str(newest.size_bytes),
        },
    )


async def _blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    read = sync_to_async(file.read)
    try:
        while block := await read(BLOCK_BYTES):
            yield block
    finally:
        file.close()
