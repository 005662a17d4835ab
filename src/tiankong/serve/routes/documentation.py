"""The interactive API reference at ``/docs``; its files come with fastapi-offline."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.openapi.docs import get_swagger_ui_html

from tiankong.serve.routes.route import Handler, Route, Service

FILES = "/docs/files"
"""The folder of the page's files."""


def handler(_: Service) -> Handler:
    """Returns the function that answers ``/docs``."""

    async def documentation(request: Request) -> Response:
        # Without --root-path, addresses are relative, so that the page appears behind any prefix.
        root = request.scope.get("root_path") or "."
        return get_swagger_ui_html(
            openapi_url=f"{root}/openapi.json",
            title="tiankong - Swagger UI",
            swagger_js_url=f"{root}{FILES}/swagger-ui-bundle.js",
            swagger_css_url=f"{root}{FILES}/swagger-ui.css",
            swagger_favicon_url=f"{root}{FILES}/favicon.png",
        )

    return documentation


ROUTE = Route("/docs", handler, method="GET", keyed=False, documented=False)
