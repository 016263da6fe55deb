"""The web app manifest, by which a phone or tablet puts the pages on its home screen."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

BACKGROUND = "#fbf5ea"
THEME = "#fffdf9"


@login_not_required  # browsers ask for it without cookies
@require_safe
@cache_control(private=True, max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    """Return name, colours and icons of the app."""
    content = {
        "id": "/",
        "name": "Moxie",
        "short_name": "Moxie",
        "description": _("What Moxie says, live"),
        "lang": get_language(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": BACKGROUND,
        "theme_color": THEME,
        "icons": [
            _icon("moxie-192.png", 192, "any"),
            _icon("moxie-512.png", 512, "any"),
            _icon("moxie-maskable-512.png", 512, "maskable"),
        ],
    }
    return JsonResponse(content, content_type="application/manifest+json")


def _icon(name: str, pixels: int, purpose: str) -> dict[str, Any]:
    source = static(f"ttsmonitor/icons/{name}")
    return {
        "src": source,
        "sizes": f"{pixels}x{pixels}",
        "type": "image/png",
        "purpose": purpose,
    }
