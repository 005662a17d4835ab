"""The application: routes, and how errors are answered."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from tiankong.serve.engine import Engine
from tiankong.serve.limits import Limits
from tiankong.serve.metrics import Metrics
from tiankong.serve.problems import PROBLEMS, MalformedRequest
from tiankong.serve.refusal import refusal
from tiankong.serve.routes import admin as operating
from tiankong.serve.routes import model as answering
from tiankong.serve.routes import page as showing
from tiankong.version import VERSION

_DOCS_FILES = "/docs/files/"

PATHS = (*answering.PATHS, *operating.PATHS, *showing.PATHS, "/docs", _DOCS_FILES, "/openapi.json")
"""All that is served."""

_NO_ROUTE = {404: "there is no such path: /docs shows them", 405: "this path takes another method: /docs shows it"}


def build_app(engine: Engine, limits: Limits, metrics: Metrics, exchange: operating.Exchange | None = None) -> FastAPI:
    """The application over an engine that is started and stopped elsewhere; a ``Guard`` goes around it.

    Without ``exchange``, requests may not exchange the model.
    """
    app = FastAPIOffline(  # its /docs needs nothing from the network
        title="tiankong",
        version=VERSION,
        description="Fill in missing words from context.",
        redoc_url=None,
        static_url=_DOCS_FILES.rstrip("/"),
    )

    async def answered(request: Request, error: Exception) -> Response:
        status, headers, body = refusal(error, request.state.request_id, metrics)
        response = Response(body, status)
        response.raw_headers = headers
        return response

    async def malformed(request: Request, error: RequestValidationError) -> Response:
        return await answered(request, MalformedRequest(_what_is_wrong(error)))

    async def no_route(request: Request, error: HTTPException) -> Response:
        if error.status_code == 400:
            return await answered(request, MalformedRequest("the body can't be read as JSON"))
        sentence = _NO_ROUTE.get(error.status_code, "the request can't be read")
        content = {"error": sentence, "reason": "route", "request_id": request.state.request_id}
        return Response(msgspec.json.encode(content), error.status_code, dict(error.headers or {}), "application/json")

    for kind in (*PROBLEMS, Exception):
        app.add_exception_handler(kind, answered)
    app.add_exception_handler(RequestValidationError, malformed)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, no_route)  # type: ignore[arg-type]
    # The guard looks at the key; here it is for the document, and for who tries things out at /docs.
    key = [Depends(HTTPBearer(auto_error=False))] if exchange else []
    app.include_router(answering.answering(engine, limits), dependencies=key)
    app.include_router(showing.showing())
    app.include_router(operating.operating(engine, limits, metrics, exchange), dependencies=key)
    return app


def _what_is_wrong(error: RequestValidationError) -> str:
    """The first thing wrong with a request, without quoting it."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return f"the body is no JSON: what is wrong is at character {first['loc'][-1]}"
    if first["loc"] == ("body",) and first["type"] == "missing":
        return "there is no body: send what /docs shows as JSON"
    if first["type"] == "model_attributes_type":
        return f"{_written(_place(first['loc']))} must be a JSON object, as /docs shows"
    # Of a field with several types, each was tried, and the place ends with it: what got farthest is what was meant.
    tried = [(_place(one["loc"]), one["msg"].lower()) for one in error.errors() if one["loc"][:2] == first["loc"][:2]]
    farthest = max((place for place, _ in tried), key=len)
    problems = dict.fromkeys(problem for place, problem in tried if place == farthest)
    return f"{_written(farthest)}: {', or '.join(problems)}"


def _place(location: Sequence[str | int]) -> tuple[str, ...]:
    """Names of fields, and places in lists counted from 1."""
    fields = [part for part in location[1:] if part not in {"str", "int"} and not str(part).startswith("list[")]
    return tuple(f", number {part + 1} of the list" if isinstance(part, int) else f".{part}" for part in fields)


def _written(place: tuple[str, ...]) -> str:
    return "".join(place).removeprefix(".") or "the body"
