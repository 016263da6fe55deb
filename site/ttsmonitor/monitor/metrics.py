"""The metrics of the speech service, for Prometheus."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ttsmonitor.integrations.metrics.registry import about_checks, answer, make_registry
from ttsmonitor.monitor import snapshot
from ttsmonitor.service import service

_NOT_RUNNING = make_registry(lambda: [about_checks(snapshot.health())])


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics; without a speech service, only those of the process."""
    running = service.current()
    return answer(request, _NOT_RUNNING if running is None else running.metrics.registry)
