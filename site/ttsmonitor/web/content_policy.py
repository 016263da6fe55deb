"""The Content-Security-Policy of every answer."""

from __future__ import annotations

from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase

from ttsmonitor.conf import conf


class ContentPolicyMiddleware(CSPMiddleware):
    """Middleware that adds the addresses that a page of this host may use to the policy."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Return the policy of the settings with the WebSockets of this site.

        The hive's admin plays sounds that the monitor serves, and its login leads to the guide
        there. `ws:` is named because not every
        browser takes it for the same origin.
        """
        parts: PolicyParts = super().get_policy_parts(request, response, report_only)
        if not report_only:
            parts.update = _addresses(request) | (parts.update or {})
        return parts


def _addresses(request: HttpRequest) -> dict[str, Any]:
    try:
        host = request.get_host()
    except DisallowedHost:
        return {}
    if "[" in host:  # the policy has no form for IPv6; 'self' covers all but the admin's sounds
        return {}
    web, socket = ("https", "wss") if request.is_secure() else ("http", "ws")
    monitor = f"{web}://{host.partition(':')[0]}:{conf.HTTP_PORT}"
    return {
        "connect-src": [f"{socket}://{host}"],
        "media-src": [monitor],
        "form-action": [monitor],
    }
