"""Routes for operators: replace the model, inspect it, and monitor the server."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from fastapi import Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from tiankong.registry.tasks import TASKS
from tiankong.serve.engine import Engine
from tiankong.serve.limits import Limits
from tiankong.serve.problems import Unauthorised
from tiankong.serve.routes.route import Handler, Route, Service, json_response
from tiankong.serve.schemas import StrictModel, Words
from tiankong.text.vocabulary import SPECIAL_TOKENS
from tiankong.version import VERSION


class ReloadRequest(StrictModel):
    """The name or folder of another model; without it, the present one is loaded again."""

    model: str | None = None


class Base(BaseModel):
    """The model that another goes on from: its name, and the SHA-256 of its manifest."""

    name: str
    sha256: str


class Information(BaseModel):
    """The model that answers, and the limits of a request."""

    model: str
    sha256: str
    version: str
    task: Annotated[str, Field(description="What the model was trained for.", json_schema_extra={"enum": list(TASKS)})]
    labels: Annotated[Words, Field(description="The labels of a classifier.")]
    words: int
    head: str
    segmenter: str
    base: Annotated[Base | None, Field(description="The model that it goes on from.")]
    limits: dict[str, float]


def reload_handler(service: Service) -> Handler:
    """Returns the function that answers ``/reload``."""

    async def reload(request: ReloadRequest | None = None) -> Response:
        """Load the model again, or another one. The present model answers until the new one has loaded, and stays if
        that fails.
        """
        if service.replace_model is None:
            raise Unauthorised("only a server started with --api-key reloads on request: send it SIGHUP instead")
        await service.replace_model(request.model if request else None)
        return json_response(_information(service.engine, service.limits))

    return reload


def info_handler(service: Service) -> Handler:
    """Returns the function that answers ``/info``."""

    async def info() -> Response:
        """The model that answers, and the limits."""
        return json_response(_information(service.engine, service.limits))

    return info


def health_handler(_: Service) -> Handler:
    """Returns the function that answers ``/health``."""

    async def health() -> Response:
        """Whether the server is alive."""
        return json_response({"status": "alive"})

    return health


def ready_handler(service: Service) -> Handler:
    """Returns the function that answers ``/ready``."""

    async def ready() -> Response:
        """Whether the server accepts requests."""
        return json_response({"status": "ready", "model": service.engine.served.name})

    return ready


def metrics_handler(service: Service) -> Handler:
    """Returns the function that answers ``/metrics``."""

    async def counters() -> Response:
        """Counters for Prometheus."""
        return PlainTextResponse(service.metrics.text(), media_type=service.metrics.content_type)

    return counters


ROUTES = (
    Route("/reload", reload_handler, Information),
    Route("/info", info_handler, Information, "GET"),
    Route("/health", health_handler, method="GET", errors=frozenset(), keyed=False, head=True),
    Route("/ready", ready_handler, method="GET", errors=frozenset({503}), keyed=False, head=True),
    Route("/metrics", metrics_handler, method="GET", errors=frozenset({401, 503}), response_class=PlainTextResponse),
)


def _information(engine: Engine, limits: Limits) -> dict[str, Any]:
    served = engine.served
    manifest = served.model.folder.manifest
    base = manifest.base
    return {
        "model": served.name,
        "sha256": served.sha256,
        "version": VERSION,
        "task": manifest.task,
        "labels": manifest.labels,
        "words": manifest.words - len(SPECIAL_TOKENS),
        "head": manifest.model.head,
        "segmenter": manifest.prepare.segmenter,
        "base": None if base is None else {"name": base.name, "sha256": base.sha256},
        "limits": dataclasses.asdict(limits),
    }
