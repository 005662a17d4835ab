"""What the service tells Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """Counters of one server; nothing of what people asked for is in them."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "tiankong_requests", "Requests answered, by route and status.", ["route", "status"], registry=self._registry
        )
        self.seconds = Histogram(
            "tiankong_request_seconds",
            "Seconds from the first byte of a request to the last of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.refused = Counter("tiankong_refused", "Requests refused, by reason.", ["reason"], registry=self._registry)
        self.waiting = Gauge("tiankong_queue_depth", "Requests that wait for the model.", registry=self._registry)
        self.running = Gauge("tiankong_requests_running", "Requests that are being answered.", registry=self._registry)
        self._model = Gauge(
            "tiankong_model", "1 for the model that answers.", ["name", "sha256"], registry=self._registry
        )

    def model(self, name: str, sha256: str) -> None:
        """Says which model answers from now on."""
        self._model.clear()
        self._model.labels(name, sha256).set(1)

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)
