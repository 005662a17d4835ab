"""``tiankong serve``: the engine over HTTP."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tiankong.cli.options import needs, read_words, served_model_option
from tiankong.cli.script import script_option
from tiankong.config import MOST_THREADS
from tiankong.errors import MissingPackageError
from tiankong.serve.limits import Limits
from tiankong.serve.proxies import LOOPBACK, parse_root_path, parse_trusted_proxies

if TYPE_CHECKING:
    from tiankong.text.script import Script

Command = TypeVar("Command", bound=Callable[..., Any])


def _limit_options(command: Command) -> Command:
    """Adds an option and an environment variable for every limit."""
    for field in reversed(dataclasses.fields(Limits)):
        command = click.option(
            f"--{field.name.replace('_', '-')}",
            field.name,
            envvar=f"TIANKONG_{field.name.upper()}",
            type=float if field.type == "float" else int,
            default=field.default,
            show_default=True,
            help=field.metadata["help"],
        )(command)
    return command


@click.command(name="serve")
@served_model_option
@click.option("--host", envvar="TIANKONG_HOST", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", envvar="TIANKONG_PORT", default=8000, show_default=True, help="Port to listen on; 0 picks a free one."
)
@click.option("--workers", envvar="TIANKONG_WORKERS", default=1, show_default=True, help="Number of worker processes.")
@click.option(
    "--threads",
    envvar="TIANKONG_THREADS",
    default=0,
    help="Threads of each worker; 0 for its share of the processors that the service may use.",
)
@click.option("--words", "words_file", envvar="TIANKONG_WORDS", help="File of words to add to the vocabulary.")
@script_option
@click.option("--api-key", envvar="TIANKONG_API_KEY", help="Key that requests must send as Authorization: Bearer KEY.")
@click.option("--no-auth", envvar="TIANKONG_NO_AUTH", is_flag=True, help="Serve other machines without a key.")
@click.option(
    "--allow-origin",
    "origins",
    envvar="TIANKONG_ALLOW_ORIGIN",
    multiple=True,
    help="Web site whose pages may send requests (CORS); repeatable.",
)
@click.option(
    "--root-path",
    envvar="TIANKONG_ROOT_PATH",
    default="",
    help="Path prefix under which a reverse proxy publishes the service, such as /tiankong.",
)
@click.option(
    "--forwarded-allow-ips",
    envvar="TIANKONG_FORWARDED_ALLOW_IPS",
    default=LOOPBACK,
    show_default=True,
    help="Proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted: comma-separated addresses and "
    "networks, * for all, or none.",
)
@click.option("--quiet", envvar="TIANKONG_QUIET", is_flag=True, help="Do not log requests.")
@_limit_options
def command(
    model: str,
    host: str,
    port: int,
    workers: int,
    threads: int,
    words_file: str | None,
    script: Script,
    api_key: str | None,
    no_auth: bool,
    origins: tuple[str, ...],
    root_path: str,
    forwarded_allow_ips: str,
    quiet: bool,
    **limits: Any,
) -> int:
    """Serve the model over HTTP, with a web page at / and the API's documentation at /docs.

    Every option is also an environment variable: --port is TIANKONG_PORT. SIGTERM finishes open requests and stops;
    SIGHUP reloads the model. The log on standard error has a JSON line for each request, without its content.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a model to reload
    needs(0 <= port <= 65_535, f"--port must be from 0 to 65535, not {port}")
    needs(1 <= workers <= 64, f"--workers must be from 1 to 64, not {workers}")
    needs(
        0 <= threads <= MOST_THREADS,
        f"--threads must be from 0 (its share of the processors) to {MOST_THREADS}, not {threads}",
    )
    needs(api_key != "", "--api-key is empty: give a key, or leave the option out")
    needs(
        api_key is None or (api_key.isascii() and api_key.isprintable() and " " not in api_key),
        "--api-key must consist of printable ASCII characters without spaces: HTTP headers hold nothing else",
    )
    for origin in origins:
        is_site = origin == "*" or origin.startswith(("http://", "https://"))
        needs(is_site, f"--allow-origin {origin} is not a web site: write it as https://example.org")
    for field in dataclasses.fields(Limits):
        value, maximum = limits[field.name], field.metadata["maximum"]
        option = f"--{field.name.replace('_', '-')}"
        needs(value > 0, f"{option} must be more than 0, not {value}")
        needs(value <= maximum, f"{option} must be at most {maximum:,}, the engine's own limit")
    try:
        from tiankong.serve.server import serve  # noqa: PLC0415 - heavy
        from tiankong.serve.settings import Settings  # noqa: PLC0415
    except ModuleNotFoundError:
        raise MissingPackageError("serving", "serve") from None
    settings = Settings(
        model,
        host,
        port,
        workers,
        threads,
        read_words(words_file),
        api_key,
        no_auth,
        origins,
        quiet,
        root_path=parse_root_path(root_path),
        forwarded_allow_ips=parse_trusted_proxies(forwarded_allow_ips),
        script=script,
    )
    return serve(settings, Limits(**limits))
