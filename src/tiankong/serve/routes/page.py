"""The page at ``/``: files of this package and nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

PATHS = ("/", "/page/")

_FOLDER = Path(__file__).parents[1] / "page"
_FILES = {file.name: file for file in _FOLDER.iterdir()}
_HEADERS = {
    # The page loads its own files, asks its own server, and is shown in no other page.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def showing() -> APIRouter:
    """Routes of the page, for people and so not in the OpenAPI document."""
    router = APIRouter(include_in_schema=False)

    @router.head("/")
    @router.get("/")
    async def page() -> FileResponse:
        return FileResponse(_FILES["index.html"], headers=_HEADERS)

    @router.get("/page/{name}")
    async def file(name: str) -> FileResponse:
        if name not in _FILES:
            raise HTTPException(404)
        return FileResponse(_FILES[name], headers=_HEADERS)

    return router
