"""``tiankong serve``: binds the address and runs one process there or several."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket

from tiankong.errors import OptionError
from tiankong.serve.app import LABELS
from tiankong.serve.limits import Limits
from tiankong.serve.settings import BACKLOG, Settings
from tiankong.serve.supervisor import Supervisor
from tiankong.serve.worker import Worker


def serve(settings: Settings, limits: Limits) -> int:
    """Serves until SIGTERM or Ctrl-C; returns the exit code.

    :raises OptionError: the address can't be bound, or is open to other machines without a key, or the root path is
        one of the service's own paths.
    :raises FolderError: the model can't be loaded.
    """
    if not settings.api_key and not settings.no_auth and not _is_loopback(settings.host):
        raise OptionError(
            f"other machines can reach {settings.host}: require a key with --api-key, or allow everyone with --no-auth"
        )
    if any(f"{label}/".startswith(f"{settings.root_path}/") for label in LABELS if settings.root_path):
        raise OptionError(f"--root-path {settings.root_path} is also a path of the service: choose another prefix")
    with contextlib.closing(_bind(settings.host, settings.port)) as listener:
        return asyncio.run(_run(settings, limits, listener))


async def _run(settings: Settings, limits: Limits, listener: socket.socket) -> int:
    if settings.workers > 1:
        return await Supervisor(settings, limits, listener).run()
    await Worker(settings, limits, listener).run()
    return 0


def _bind(host: str, port: int) -> socket.socket:
    """Returns a listening socket. (uvicorn's own would exit the program where the address can't be bound.)"""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OptionError(
            f"can't listen at {host}:{port} ({reason.lower()}): choose another --host or --port"
        ) from None
    # asyncio sets TCP_NODELAY only on sockets that declare the protocol TCP. Without it, the end of an answer waits
    # about 40 ms for the client's delayed acknowledgement.
    return socket.socket(listener.family, listener.type, socket.IPPROTO_TCP, fileno=listener.detach())


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
