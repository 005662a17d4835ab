"""Everything that can be wrong with a request, and how the service answers it.

``docs/reference/http.md`` shows the table of statuses to people; ``tests/serve/test_problems.py`` keeps the two equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tiankong.errors import FolderError, MissingPackageError, OptionError, SentenceError, SourceError

if TYPE_CHECKING:  # the limits, which the command line shows without the extra, import this module
    from tiankong.serve.metrics import Metrics


class RefusedRequest(Exception):
    """A request that the service refuses; the client receives the message."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


class MalformedRequest(RefusedRequest):
    """The body is not JSON, or does not match the documented schema."""


class OverLimit(RefusedRequest):
    """More sentences, characters, blanks, answers, targets or computing time than the server allows."""


class BodyTooLarge(RefusedRequest):
    """The body has more bytes than the server reads."""


class HeadTooLarge(RefusedRequest):
    """The request line and headers have more bytes than the server reads."""


class UnreadableHead(RefusedRequest):
    """The bytes received are not HTTP."""


class UnreadableBody(RefusedRequest):
    """The body is compressed, or not declared as JSON."""


class TooSlow(RefusedRequest):
    """The request line and headers, or the body, did not arrive in time."""


class Unauthorised(RefusedRequest):
    """The key is missing or wrong."""


class TooManyRequests(RefusedRequest):
    """The server is already answering as many requests as it takes at once."""


class NotReady(RefusedRequest):
    """The model is still loading, or the server is shutting down."""


class NoClassifier(RefusedRequest):
    """The model was not trained to classify."""


class Problem(NamedTuple):
    """How the service answers an error: the HTTP status, the reason (its label in the metrics), the exit code of the
    command line for the same error, and the seconds of ``Retry-After``.
    """

    status: int
    reason: str
    exit_code: int | None = None
    retry_after: int | None = None


PROBLEMS: dict[type[Exception], Problem] = {
    SentenceError: Problem(422, "sentence", SentenceError.exit_code),
    OptionError: Problem(422, "option", OptionError.exit_code),
    FolderError: Problem(422, "folder", FolderError.exit_code),
    SourceError: Problem(422, "source", SourceError.exit_code),
    MissingPackageError: Problem(501, "package", MissingPackageError.exit_code),
    MalformedRequest: Problem(422, "malformed"),
    OverLimit: Problem(422, "limit"),
    BodyTooLarge: Problem(413, "body"),
    HeadTooLarge: Problem(431, "head"),
    UnreadableHead: Problem(400, "http"),
    UnreadableBody: Problem(415, "media"),
    TooSlow: Problem(408, "slow"),
    Unauthorised: Problem(401, "key"),
    TooManyRequests: Problem(429, "busy", retry_after=1),
    NotReady: Problem(503, "not_ready", retry_after=2),
    NoClassifier: Problem(404, "classifier"),
}
"""Every error that a request can cause. Any other exception is a fault of the program: status 500, exit code 1."""

FAULT = Problem(500, "fault", 1)


def problem_of(error: Exception) -> Problem:
    """The table's entry for the error's class or its nearest base class."""
    return next((PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS), FAULT)


def message_of(error: Exception) -> str:
    """The message for the client, safe to encode; a fault reveals nothing of the program's internals."""
    if problem_of(error) is FAULT:
        return "internal server error: please report it with the request id"
    return str(error).encode("utf-8", "backslashreplace").decode("utf-8")


def error_response(error: Exception, request_id: str, metrics: Metrics) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Counts an error in the metrics and returns its status, headers and JSON body."""
    problem = problem_of(error)
    metrics.refused.labels(problem.reason).inc()
    body = msgspec.json.encode({"error": message_of(error), "reason": problem.reason, "request_id": request_id})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if problem.retry_after is not None:
        headers.append((b"retry-after", str(problem.retry_after).encode()))
    if problem.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return problem.status, headers, body
