"""What the service tells Prometheus."""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Where it is set before this module is imported, the counters of all processes lie in that folder."""

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class _ModelCollector(Collector):
    """The model that answers: told by whichever process is asked, since none keeps what it was before."""

    def __init__(self) -> None:
        self.labels: list[str] = []

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("tiankong_model", "1 for the model that answers.", labels=["name", "sha256"])
        if self.labels:
            family.add_metric(self.labels, 1)
        yield family


class Metrics:
    """Counters of all processes of one server; nothing of what people asked for is in them."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        own: CollectorRegistry | None = self._registry
        if os.environ.get(FOLDER_VARIABLE):
            MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]
            own = None  # or they would be told twice
        self.requests = Counter(
            "tiankong_requests", "Requests answered, by route and status.", ["route", "status"], registry=own
        )
        self.seconds = Histogram(
            "tiankong_request_seconds",
            "Seconds from the first byte of a request to the last of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=own,
        )
        self.refused = Counter("tiankong_refused", "Requests refused, by reason.", ["reason"], registry=own)
        self.waiting = Gauge(
            "tiankong_queue_depth", "Requests that wait for the model.", registry=own, multiprocess_mode="livesum"
        )
        self.running = Gauge(
            "tiankong_requests_running",
            "Requests that are being answered.",
            registry=own,
            multiprocess_mode="livesum",
        )
        self._model = _ModelCollector()
        self._registry.register(self._model)

    def model(self, name: str, sha256: str) -> None:
        """Says which model answers from now on."""
        self._model.labels = [name, sha256]

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)
