"""Values for every template: where the two sites are."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from hive.conf import conf as hive_conf
from ttsmonitor.conf import conf


def site(request: HttpRequest) -> dict[str, Any]:
    """Return links between hive and monitor, on the host name that the visitor used."""
    host = request.get_host()
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return {
        "hive_url": f"{request.scheme}://{name}:{hive_conf.HIVE_PORT}/",
        "monitor_url": f"{request.scheme}://{name}:{conf.HTTP_PORT}/",
        "require_login": conf.MOXIE_REQUIRE_LOGIN,
    }
