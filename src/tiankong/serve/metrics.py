"""The metrics of the service for Prometheus."""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""If it is set before this module is imported, all processes keep their counters in the folder that it names."""

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class _ModelCollector(Collector):
    """The present model. Not a gauge in the shared folder: that would keep the models of before as well."""

    def __init__(self) -> None:
        self.labels: list[str] = []

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("tiankong_model", "1 for the model that answers.", labels=["name", "sha256"])
        if self.labels:
            family.add_metric(self.labels, 1)
        yield family


class Metrics:
    """Counters over all processes of a server, without any content of requests."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry: CollectorRegistry | None = self._registry
        if os.environ.get(FOLDER_VARIABLE):
            MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]
            registry = None  # the collector reports them; registered here, they would appear twice
        self.requests = Counter(
            "tiankong_requests", "Answered requests by route and status.", ["route", "status"], registry=registry
        )
        self.seconds = Histogram(
            "tiankong_request_seconds",
            "Seconds from the first byte of a request to the last of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.refused = Counter("tiankong_refused", "Refused requests by reason.", ["reason"], registry=registry)
        self.waiting = Gauge(
            "tiankong_queue_depth",
            "Requests waiting for the model.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.running = Gauge(
            "tiankong_requests_running",
            "Requests being answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._model = _ModelCollector()
        self._registry.register(self._model)

    def set_model(self, name: str, sha256: str) -> None:
        """Sets the model that answers from now on."""
        self._model.labels = [name, sha256]

    def text(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self._registry)
