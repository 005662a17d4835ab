"""What can be wrong with a request, and the one table of the statuses it is answered with.

``docs/service.md`` has the table for people; ``tests/serve/test_problems.py`` holds it to this one.
"""

from __future__ import annotations

from typing import NamedTuple

from tiankong.errors import FolderError, MissingPackageError, OptionError, SentenceError, SourceError


class RefusedRequest(Exception):
    """A request that is answered with an error; the message is the sentence the client gets."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)


class MalformedRequest(RefusedRequest):
    """No JSON, or not of the documented form."""


class OverLimit(RefusedRequest):
    """More sentences, characters, blanks, answers or targets than the server takes."""


class BodyTooLarge(RefusedRequest):
    """More bytes than the server reads."""


class HeadTooLarge(RefusedRequest):
    """More bytes of request line and headers than the server reads."""


class UnreadableHead(RefusedRequest):
    """What came is no HTTP."""


class UnreadableBody(RefusedRequest):
    """A body that is compressed, or not declared to be JSON."""


class TooSlow(RefusedRequest):
    """A request whose head or body did not arrive in time."""


class Unauthorised(RefusedRequest):
    """No key, or a wrong one."""


class TooManyRequests(RefusedRequest):
    """As many requests as the server takes at once are being answered or waiting."""


class NotReady(RefusedRequest):
    """The model is being loaded, or the server is about to stop."""


class NoClassifier(RefusedRequest):
    """The model was not trained to classify."""


class Problem(NamedTuple):
    """How an error is answered: the status, the word that counts it in the metrics, the program's exit code where the
    command line meets it, and seconds after which trying again may help.
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
"""Of every error a request can meet. What is not here is a fault of this program: 500, exit code 1."""

FAULT = Problem(500, "fault", 1)


def problem_of(error: Exception) -> Problem:
    """The entry of the nearest class in the table."""
    return next((PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS), FAULT)


def sentence_of(error: Exception) -> str:
    """What the client is told, as text that any encoding can carry; nothing of a fault's insides."""
    if problem_of(error) is FAULT:
        return "this is a fault of the server: please report it with the request id"
    return str(error).encode("utf-8", "backslashreplace").decode("utf-8")
