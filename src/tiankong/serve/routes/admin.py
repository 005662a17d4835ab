"""The routes for those who run the server."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from tiankong.serve.engine import Engine
from tiankong.serve.limits import Limits
from tiankong.serve.metrics import Metrics
from tiankong.serve.problems import Unauthorised
from tiankong.serve.routes.model import answers, as_json
from tiankong.serve.schemas import Error, Information, ReloadRequest
from tiankong.text.vocabulary import SPECIAL_TOKENS
from tiankong.version import VERSION

PATHS = ("/info", "/health", "/ready", "/metrics", "/reload")


Exchange = Callable[[str | None], Awaitable[None]]
"""Exchanges the model for another one, or loads it again."""


def operating(engine: Engine, limits: Limits, metrics: Metrics, exchange: Exchange | None) -> APIRouter:
    """Routes over a started engine. Without ``exchange``, requests may not exchange the model."""
    router = APIRouter()

    @router.post("/reload", response_model=None, responses=answers(Information))
    async def reload(request: ReloadRequest | None = None) -> Response:
        """Load the model again, or another one; the present one answers until then, and stays if the new one is bad."""
        if exchange is None:
            raise Unauthorised("only a server with --api-key exchanges its model on request: send it SIGHUP instead")
        await exchange(request.model if request else None)
        return as_json(_information(engine, limits))

    @router.get("/info", response_model=None, responses=answers(Information))
    async def info() -> Response:
        """The model that answers, and the limits."""
        return as_json(_information(engine, limits))

    @router.head("/health", include_in_schema=False)
    @router.get("/health", response_model=None)
    async def health() -> Response:
        """Whether the server lives."""
        return as_json({"status": "alive"})

    @router.head("/ready", include_in_schema=False)
    @router.get("/ready", response_model=None, responses={503: {"model": Error}})
    async def ready() -> Response:
        """Whether requests are answered now."""
        return as_json({"status": "ready", "model": engine.loaded.name})

    @router.get("/metrics", response_class=PlainTextResponse, responses={401: {"model": Error}, 503: {"model": Error}})
    async def counters() -> PlainTextResponse:
        """Counters for Prometheus."""
        return PlainTextResponse(metrics.text(), media_type=metrics.content_type)

    return router


def _information(engine: Engine, limits: Limits) -> dict[str, Any]:
    loaded = engine.loaded
    manifest = loaded.model.folder.manifest
    return {
        "model": loaded.name,
        "sha256": loaded.sha256,
        "version": VERSION,
        "task": manifest.task,
        "labels": manifest.labels,
        "words": manifest.words - len(SPECIAL_TOKENS),
        "head": manifest.model.head,
        "segmenter": manifest.prepare.segmenter,
        "limits": dataclasses.asdict(limits),
    }
