"""The web page at ``/``, served from this package's own files."""

from __future__ import annotations

from pathlib import Path

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse

from tiankong.serve.routes.route import Handler, Route, Service

_FOLDER = Path(__file__).parents[1] / "page"
_FILES = {file.name: file for file in _FOLDER.iterdir()}
_HEADERS = {
    # The page loads only its own files, calls only its own server, and may not be framed.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page_handler(_: Service) -> Handler:
    """Returns the function that answers ``/``."""

    async def page(request: Request) -> Response:
        root = request.scope.get("root_path", "")
        if not root:
            return FileResponse(_FILES["index.html"], headers=_HEADERS)
        # The page's addresses are relative. Below a prefix without a slash at its end they would miss the prefix.
        html = _FILES["index.html"].read_text("utf-8").replace("<head>", f'<head>\n  <base href="{root}/">', 1)
        return HTMLResponse(html, headers=_HEADERS)

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
