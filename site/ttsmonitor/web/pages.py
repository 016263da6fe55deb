"""What all pages have in common, as views."""

from __future__ import annotations

from typing import Any

from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from ttsmonitor.web.jsonapi import View


def page(view: View) -> View:
    """Only looked at, compressed, always as it is now, and its scripts may POST."""
    whole: Any = require_safe(gzip_page(never_cache(ensure_csrf_cookie(view))))
    decorated: View = whole
    return decorated
