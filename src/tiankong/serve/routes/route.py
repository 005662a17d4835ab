"""The row that describes a route, and what the handlers share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from fastapi import APIRouter, Response
from fastapi.params import Depends
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from tiankong.serve.engine import Engine
from tiankong.serve.limits import Limits
from tiankong.serve.metrics import Metrics
from tiankong.serve.problems import PROBLEMS, OverLimit
from tiankong.serve.schemas import Error
from tiankong.text.script import check_script

READ_AS = "X-Read-As"
"""The header of an answer to a text that was converted to this script of Chinese before it was read."""

Handler = Callable[..., Awaitable[Response]]
"""Answers one request; FastAPI takes its parameters, and its name and docstring for the OpenAPI document."""

COMMON_ERRORS = frozenset(problem.status for problem in PROBLEMS.values()) - {404, 501}
"""Statuses that any route which needs the model may answer with."""


@dataclass(frozen=True)
class Service:
    """What handlers work with. ``replace_model`` takes a model's name or folder, ``None`` for the present one; where it
    is ``None`` itself, clients may not replace the model.
    """

    engine: Engine
    limits: Limits
    metrics: Metrics
    replace_model: Callable[[str | None], Awaitable[None]] | None = None


@dataclass(frozen=True)
class Route:
    """One path of the service.

    ``handler`` is called once and returns the function that answers requests. ``answer`` is the schema of a good
    answer, ``errors`` are the documented statuses of others. ``keyed`` routes need the server's key, ``head`` ones also
    answer HEAD, and those not ``documented`` are left out of the OpenAPI document.
    """

    path: str
    handler: Callable[[Service], Handler]
    answer: Any = None
    method: str = "POST"
    errors: frozenset[int] = COMMON_ERRORS
    response_class: type[Response] = JSONResponse
    keyed: bool = True
    head: bool = False
    documented: bool = True

    @property
    def label(self) -> str:
        """The route's name in metrics and log: its path, of a folder of files without their names."""
        return self.path.partition("{")[0]

    def add_to(self, router: APIRouter, service: Service, key: list[Depends]) -> None:
        """Registers the route; ``key`` is the dependency that documents the server's key."""
        responses: dict[int | str, dict[str, Any]] = {200: {"model": self.answer}} if self.answer else {}
        responses |= {status: {"model": Error} for status in sorted(self.errors)}
        handler = self.handler(service)
        if self.head:
            router.add_api_route(self.path, handler, methods=["HEAD"], include_in_schema=False)
        router.add_api_route(
            self.path,
            handler,
            methods=[self.method],
            response_model=None,
            response_class=self.response_class,
            responses=responses,
            dependencies=key if self.keyed else [],
            include_in_schema=self.documented,
        )


def json_response(content: Any, headers: dict[str, str] | None = None) -> Response:
    """A response that carries ``content`` as JSON."""
    return Response(msgspec.json.encode(content), media_type="application/json", headers=headers)


async def answer(
    engine: Engine, method: Callable[..., Any], inputs: str | list[str], parameters: BaseModel
) -> Response:
    """What ``method`` of the model gives for ``inputs``; ``parameters`` are its keyword arguments, with ``script``.

    :raises OptionError: a parameter is unusable.
    :raises SentenceError: a text is unusable.
    """
    options = parameters.model_dump()
    header = read_as(engine, as_list(inputs), options["script"])
    return json_response(await engine.call(lambda model: method(model, inputs, **options)), header)


def read_as(engine: Engine, texts: Iterable[str], script: str | None) -> dict[str, str]:
    """The header that says in which script texts are read, if not as they were sent.

    :raises OptionError: ``script`` is unknown.
    """
    model, chosen = engine.served.model, None if script is None else check_script(script)
    found = next(filter(None, (model.read_as(text, chosen) for text in texts)), None)
    return {} if found is None else {READ_AS: found}


def as_list(inputs: str | list[str]) -> list[str]:
    """The texts of a request's ``inputs``.

    :raises OverLimit: there are none.
    """
    if not inputs and isinstance(inputs, list):
        raise OverLimit("inputs is an empty list: give at least one sentence")
    return [inputs] if isinstance(inputs, str) else inputs
