"""The metrics of the hive, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.core import Metric

from hive.models import Approval
from hive.mqtt.moxie_server import get_moxie_server
from hive.mqtt.mqtt_tts_mirror import get_tts_mirror
from ttsmonitor.integrations.metrics.registry import (
    about_checks,
    about_connection,
    about_outbox,
    answer,
    gauge,
    labelled_gauge,
    make_registry,
)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics."""
    return answer(request, _registry)


def _about_hive() -> Iterable[Metric]:
    server = get_moxie_server()
    yield about_checks(server.health())
    yield from about_connection(server.is_ready, server.reconnects)
    yield from about_outbox(get_tts_mirror().state)
    yield gauge("moxie_robots_online", "Robots at the broker.", len(server.presence.devices))
    yield labelled_gauge(
        "moxie_robots",
        "Known robots, by approval.",
        "approval",
        {each.value: server.robots.count(each) for each in Approval},
    )


_registry = make_registry(_about_hive)
