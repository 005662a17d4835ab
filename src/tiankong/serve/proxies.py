"""A reverse proxy in front of the service: the path prefix under which it publishes it, and whether it is trusted."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from tiankong.errors import OptionError

if TYPE_CHECKING:  # the command line, which shows its help without the extra, imports this module
    from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = "127.0.0.1,::1"
"""The proxies trusted by default: those on this machine."""

_PREFIX = re.compile(r"(/[\w.~-]+)+", re.ASCII)


def parse_root_path(text: str) -> str:
    """Returns a path prefix as ``/prefix``, without a slash at its end; the empty string for none.

    :raises OptionError: it is not a plain path.
    """
    prefix = f"/{text.strip('/')}".rstrip("/")
    if prefix and (not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/"))):
        raise OptionError(f"--root-path {text} is not a plain path: write it as /tiankong, in ASCII letters and digits")
    return prefix


def parse_trusted_proxies(text: str) -> str:
    """Returns comma-separated addresses and networks in the form that uvicorn reads. ``*`` trusts everyone, ``none``
    nobody (an empty environment variable counts as one that is not set).

    :raises OptionError: one of them is no address; uvicorn itself would silently trust nobody.
    """
    proxies = [proxy.strip() for proxy in text.split(",") if proxy.strip()]
    if proxies == ["*"]:
        return "*"
    if proxies == ["none"]:
        return ""
    for proxy in proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError:
            raise OptionError(
                f"--forwarded-allow-ips {proxy} is not an address or a network: write 10.0.0.7 or 10.0.0.0/8, "
                "with commas between several, * for all, or none"
            ) from None
    return ",".join(proxies)


def strip_prefix(path: str, prefix: str) -> str:
    """Returns the path below the prefix; a path that does not have it stays."""
    if path == prefix:
        return "/"
    return path[len(prefix) :] if path.startswith(f"{prefix}/") else path


class RootPath:
    """ASGI middleware that takes requests with the prefix, and requests whose prefix the proxy has stripped.

    uvicorn's own ``root_path`` expects that the proxy strips the prefix: it prepends the prefix to every path, so a
    request that still has it would have it twice.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app, self._prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with the prefix in its path and as its ``root_path``, as ASGI defines them."""
        if scope["type"] == "http":
            path = self._prefix + strip_prefix(scope["path"], self._prefix)
            scope = {**scope, "root_path": self._prefix, "path": path}
        await self._app(scope, receive, send)
