"""The table of routes. To add one, write a module with its ``ROUTE`` and add a row here."""

from __future__ import annotations

from tiankong.serve.routes import admin, check, classify, documentation, embed, explain, fill, page, rank, segment
from tiankong.serve.routes.route import Route

ROUTES: tuple[Route, ...] = (
    fill.ROUTE,
    rank.ROUTE,
    check.ROUTE,
    explain.ROUTE,
    segment.ROUTE,
    classify.ROUTE,
    embed.ROUTE,
    *page.ROUTES,
    documentation.ROUTE,
    *admin.ROUTES,
)
