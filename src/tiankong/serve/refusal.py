"""How an error looks on the wire."""

from __future__ import annotations

import msgspec

from tiankong.serve.metrics import Metrics
from tiankong.serve.problems import problem_of, sentence_of


def refusal(error: Exception, request_id: str, metrics: Metrics) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body that an error is answered with; it is counted, too."""
    problem = problem_of(error)
    metrics.refused.labels(problem.reason).inc()
    body = msgspec.json.encode({"error": sentence_of(error), "reason": problem.reason, "request_id": request_id})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if problem.retry_after is not None:
        headers.append((b"retry-after", str(problem.retry_after).encode()))
    if problem.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return problem.status, headers, body
