"""``tiankong serve``: an address, and one process or several that answer there."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket

from tiankong.errors import OptionError
from tiankong.serve.limits import Limits
from tiankong.serve.settings import BACKLOG, Settings
from tiankong.serve.supervisor import Supervisor
from tiankong.serve.worker import Worker


def serve(settings: Settings, limits: Limits) -> int:
    """Serves until SIGTERM or Ctrl-C, and returns the exit code.

    :raises OptionError: the address can't be bound, or is open to others without a key.
    :raises FolderError: the model.
    """
    if not settings.api_key and not settings.no_auth and not _is_loopback(settings.host):
        raise OptionError(
            f"{settings.host} can be reached from elsewhere: ask for a key with --api-key, or say --no-auth"
        )
    with contextlib.closing(_bound(settings.host, settings.port)) as listener:
        if settings.workers > 1:
            return Supervisor(settings, limits, listener).run()
        asyncio.run(_serve_alone(settings, limits, listener))
        return 0


async def _serve_alone(settings: Settings, limits: Limits, listener: socket.socket) -> None:
    await Worker(settings, limits, listener).run()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OptionError(f"{host}:{port} can't be served at ({reason.lower()}): choose --host and --port") from None
    # asyncio sends at once (TCP_NODELAY) only where a socket says that it is TCP; else the end of an answer waits for
    # the client's delayed acknowledgement, some 40 ms.
    return socket.socket(listener.family, listener.type, socket.IPPROTO_TCP, fileno=listener.detach())


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
