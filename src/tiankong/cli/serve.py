"""``tiankong serve``: the engine over HTTP."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Callable
from typing import Any, TypeVar

import click

from tiankong.cli.options import model_option, needs, read_words
from tiankong.errors import MissingPackageError
from tiankong.serve.limits import Limits

Command = TypeVar("Command", bound=Callable[..., Any])


def _limit_options(command: Command) -> Command:
    """An option, and a variable of the environment, for every limit."""
    for field in reversed(dataclasses.fields(Limits)):
        command = click.option(
            f"--{field.name.replace('_', '-')}",
            field.name,
            envvar=f"TIANKONG_{field.name.upper()}",
            type=float if field.type == "float" else int,
            default=field.default,
            show_default=True,
            help=f"At most: {field.metadata['help']}.",
        )(command)
    return command


@click.command(name="serve")
@model_option
@click.option("--host", envvar="TIANKONG_HOST", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", envvar="TIANKONG_PORT", default=8000, show_default=True, help="Port (0: any that is free).")
@click.option(
    "--workers", envvar="TIANKONG_WORKERS", default=1, show_default=True, help="Processes that answer at the address."
)
@click.option(
    "--threads", envvar="TIANKONG_THREADS", default=0, help="Processor threads of each (0: its share of the cores)."
)
@click.option("--words", "words_file", envvar="TIANKONG_WORDS", help="A file of words that join the vocabulary.")
@click.option("--api-key", envvar="TIANKONG_API_KEY", help="Key that requests must carry (Authorization: Bearer KEY).")
@click.option("--no-auth", envvar="TIANKONG_NO_AUTH", is_flag=True, help="Serve to other machines without a key.")
@click.option(
    "--allow-origin",
    "origins",
    envvar="TIANKONG_ALLOW_ORIGIN",
    multiple=True,
    help="A web site whose pages may ask (CORS); may be repeated.",
)
@click.option("--quiet", envvar="TIANKONG_QUIET", is_flag=True, help="No log of requests.")
@_limit_options
def command(
    model: str,
    host: str,
    port: int,
    workers: int,
    threads: int,
    words_file: str | None,
    api_key: str | None,
    no_auth: bool,
    origins: tuple[str, ...],
    quiet: bool,
    **limits: Any,
) -> int:
    """Answer over HTTP: a page at /, and /fill, /rank, /check, /classify for programs; /docs shows how to ask.

    Every option is also a variable of the environment, --port as TIANKONG_PORT. SIGTERM lets what is being answered
    end; SIGHUP loads the model again. The log, a JSON line a request on standard error, holds nothing of what was sent.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a model to load again
    needs(0 <= port <= 65_535, f"--port must be from 0 to 65535, not {port}")
    needs(1 <= workers <= 64, f"--workers must be from 1 to 64, not {workers}")
    needs(threads >= 0, f"--threads must be 0 (a share of the cores) or more, not {threads}")
    needs(api_key != "", "--api-key is empty: give a key, or leave it out")
    needs(
        api_key is None or (api_key.isascii() and api_key.isprintable() and " " not in api_key),
        "--api-key must be of ASCII letters, digits and signs without spaces: nothing else fits into a header",
    )
    for origin in origins:
        plain = origin == "*" or origin.startswith(("http://", "https://"))
        needs(plain, f"--allow-origin {origin} is no web site: write it as https://example.org")
    for field in dataclasses.fields(Limits):
        value, most = limits[field.name], field.metadata["most"]
        flag = f"--{field.name.replace('_', '-')}"
        needs(value > 0, f"{flag} must be more than 0, not {value}")
        needs(value <= most, f"{flag} must be at most {most:,}: more is never taken")
    try:
        from tiankong.serve.server import serve  # noqa: PLC0415 - heavy
        from tiankong.serve.settings import Settings  # noqa: PLC0415
    except ModuleNotFoundError:
        raise MissingPackageError("serving", "serve") from None
    settings = Settings(model, host, port, workers, threads, read_words(words_file), api_key, no_auth, origins, quiet)
    return serve(settings, Limits(**limits))
