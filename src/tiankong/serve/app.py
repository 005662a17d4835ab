"""The FastAPI application: its routes, and the answers to errors."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from tiankong.serve.problems import PROBLEMS, MalformedRequest, error_response
from tiankong.serve.routes import ROUTES, documentation
from tiankong.serve.routes.route import Service
from tiankong.version import VERSION

_DOCS_LABELS = (f"{documentation.FILES}/", "/openapi.json")

LABELS = frozenset((*(route.label for route in ROUTES), *_DOCS_LABELS))
"""The names of all routes in metrics and log."""

PUBLIC_LABELS = frozenset((*(route.label for route in ROUTES if not route.keyed), *_DOCS_LABELS))
"""The routes that answer without a key: monitoring needs them, and a browser loads them before it has one."""

_NO_ROUTE = {404: "there is no such path: /docs lists all", 405: "this path needs another method: /docs lists it"}


def build_app(service: Service) -> FastAPI:
    """Returns the application. The caller starts and stops its engine and puts a ``Guard`` around it."""
    app = FastAPIOffline(  # serves the files of /docs, which loads nothing from other sites
        title="tiankong",
        version=VERSION,
        description="Fill in missing words from context.",
        docs_url=None,
        redoc_url=None,
        static_url=documentation.FILES,
    )

    async def answer_error(request: Request, error: Exception) -> Response:
        status, headers, body = error_response(error, request.state.request_id, service.metrics)
        response = Response(body, status)
        response.raw_headers = headers
        return response

    async def answer_malformed(request: Request, error: RequestValidationError) -> Response:
        return await answer_error(request, MalformedRequest(_validation_message(error)))

    async def answer_no_route(request: Request, error: HTTPException) -> Response:
        if error.status_code == 400:
            return await answer_error(request, MalformedRequest("the body is not valid JSON: /docs shows its form"))
        message = _NO_ROUTE.get(error.status_code, "the request can't be read: /docs shows its form")
        content = {"error": message, "reason": "route", "request_id": request.state.request_id}
        return Response(msgspec.json.encode(content), error.status_code, dict(error.headers or {}), "application/json")

    for kind in (*PROBLEMS, Exception):
        app.add_exception_handler(kind, answer_error)
    app.add_exception_handler(RequestValidationError, answer_malformed)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, answer_no_route)  # type: ignore[arg-type]
    # The guard checks the key; this dependency puts it into the OpenAPI document and the form at /docs.
    key = [Depends(HTTPBearer(auto_error=False))] if service.replace_model else []
    router = APIRouter()
    for route in ROUTES:
        route.add_to(router, service, key)
    app.include_router(router)
    return app


def _validation_message(error: RequestValidationError) -> str:
    """The first thing wrong with a request, without quoting it."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return _json_message(str(first["ctx"]["error"]), int(first["loc"][-1]), str(error.body))
    if first["loc"] == ("body",) and first["type"] == "missing":
        return "the body is missing: send JSON in the form that /docs shows"
    if first["type"] == "model_attributes_type":
        return f"{_join(_field_path(first['loc']))} must be a JSON object, as /docs shows"
    # Pydantic reports one error for each type of a union and appends the type to the location. The longest location
    # belongs to the type that matched best.
    candidates = [
        (_field_path(detail["loc"]), detail["msg"].lower())
        for detail in error.errors()
        if detail["loc"][:2] == first["loc"][:2]
    ]
    longest = max((path for path, _ in candidates), key=len)
    problems = dict.fromkeys(message for path, message in candidates if path == longest)
    return f"{_join(longest)}: {', or '.join(problems)}"


def _json_message(problem: str, place: int, body: str) -> str:
    """What is wrong at the offset ``place`` of a body that is no JSON."""
    if problem.startswith("Invalid \\escape"):
        return (
            f"the body is not valid JSON: character {place + 1} is a backslash that JSON does not know; a backslash in "
            r"a text is written \\, and so \_\_ is \\_\\_"
        )
    if place >= len(body):
        return "the body is not valid JSON: it ends too early"
    return f"the body is not valid JSON: look at character {place + 1}"


def _field_path(location: Sequence[str | int]) -> tuple[str, ...]:
    """Names of fields, and positions in lists counted from 1."""
    fields = [part for part in location[1:] if part not in {"str", "int"} and not str(part).startswith("list[")]
    return tuple(f", item {part + 1}" if isinstance(part, int) else f".{part}" for part in fields)


def _join(path: tuple[str, ...]) -> str:
    return "".join(path).removeprefix(".") or "the body"
