"""What the metrics of hive and speech service have in common: the registry and its answer.

Names have the prefix `moxie_` and end in their unit. A state is read when somebody asks; only
events are counted as they happen.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from ttsmirror.database import AWAY
from ttsmirror.publishing.confirmations import MirrorState
from ttsmirror.version import VERSION
from ttsmonitor.conf import conf

logger = logging.getLogger(__name__)

Reading = Callable[[], Iterable[Metric]]

# A second series for each counter, which nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]


class _ReadingCollector(Collector):
    """Collects metrics that are read on demand; without a database some are missing."""

    def __init__(self, read: Reading) -> None:
        self._read = read

    def collect(self) -> list[Metric]:
        """Return the metrics; none while the database that they need is away."""
        try:
            return list(self._read())
        except AWAY as exc:
            logger.debug("metrics left out: %s", exc)
            return []


def make_registry(*readings: Reading) -> CollectorRegistry:
    """Return a registry of these readings and of what every process has."""
    registry = CollectorRegistry()
    for read in (_about_installation, *readings):
        registry.register(_ReadingCollector(read))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def answer(request: HttpRequest, registry: CollectorRegistry) -> HttpResponse:
    """Return the metrics in the form that the visitor accepts: Prometheus' text or OpenMetrics."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=content_type)


def gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    """Return a gauge without labels."""
    return GaugeMetricFamily(name, about, value=value)


def counter(name: str, about: str, value: float) -> CounterMetricFamily:
    """Return a counter without labels."""
    return CounterMetricFamily(name, about, value=value)


def labelled_gauge(
    name: str, about: str, label: str, values: Mapping[str, float]
) -> GaugeMetricFamily:
    """Return a gauge with a series for each value of `label`."""
    family = GaugeMetricFamily(name, about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def labelled_counter(
    name: str, about: str, label: str, values: Mapping[str, float]
) -> CounterMetricFamily:
    """Return a counter with a series for each value of `label`."""
    family = CounterMetricFamily(name, about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def about_checks(health: Mapping[str, Any]) -> Metric:
    """Return the results of the health checks."""
    return labelled_gauge(
        "moxie_check_ok",
        "1 if the health check succeeds, else 0.",
        "check",
        {name: float(check["ok"]) for name, check in health["checks"].items()},
    )


def about_connection(is_ready: bool, reconnects: int) -> Iterable[Metric]:
    """Return the state of this process' connection to the broker."""
    yield gauge("moxie_mqtt_connected", "1 while connected to the broker, else 0.", is_ready)
    yield counter(
        "moxie_mqtt_reconnects_total", "Connections to the broker after the first one.", reconnects
    )


def about_outbox(state: MirrorState) -> Iterable[Metric]:
    """Return the state of this process' outbox."""
    yield gauge("moxie_outbox_sentences", "Sentences not confirmed as stored yet.", state.waiting)
    yield gauge(
        "moxie_outbox_overdue_sentences",
        "Sentences published long ago and not confirmed although a speech service is there.",
        state.overdue,
    )
    for name, about, value in (
        ("published", "Sentences published, repetitions included.", state.published),
        ("confirmed", "Sentences confirmed as stored.", state.confirmed),
        ("lost", "Sentences dropped without a confirmation.", state.lost),
    ):
        yield counter(f"moxie_outbox_{name}_sentences_total", about, value)


def _about_installation() -> Iterable[Metric]:
    build = GaugeMetricFamily("moxie_build_info", "The version, as a label.", labels=["version"])
    build.add_metric([VERSION], 1)
    yield build
    free = shutil.disk_usage(conf.work_dir).free
    yield gauge("moxie_disk_free_bytes", "Free space on the disk of MOXIE_WORK_DIR.", free)
