"""The web page at ``/``, served from this package's own files."""

from __future__ import annotations

from pathlib import Path

from fastapi import Response
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from tiankong.serve.routes.route import Handler, Route, Service

_FOLDER = Path(__file__).parents[1] / "page"
_FILES = {file.name: file for file in _FOLDER.iterdir()}
_HEADERS = {
    # The page loads only its own files, calls only its own server, and may not be framed.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page_handler(_: Service) -> Handler:
    """Returns the function that answers ``/``."""

    async def page() -> Response:
        return FileResponse(_FILES["index.html"], headers=_HEADERS)

    return page


def file_handler(_: Service) -> Handler:
    """Returns the function that answers ``/page/{name}``."""

    async def file(name: str) -> Response:
        if name not in _FILES:
            raise HTTPException(404)
        return FileResponse(_FILES[name], headers=_HEADERS)

    return file


ROUTES = (
    Route("/", page_handler, method="GET", keyed=False, head=True, documented=False),
    Route("/page/{name}", file_handler, method="GET", keyed=False, documented=False),
)
