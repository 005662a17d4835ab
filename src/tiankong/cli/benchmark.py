"""``tiankong benchmark``: all systems compared on one prepared corpus."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from tiankong.cli.display import say, this_command
from tiankong.cli.options import FilePath, OutputPath, needs
from tiankong.config import MOST_SEED, MOST_THREADS
from tiankong.errors import MissingPackageError
from tiankong.machine import allowed_threads

_QUICK_TARGETS, _QUICK_SECONDS = 500, 5.0


@click.command(name="benchmark")
@click.argument("prepared", type=FilePath())
@click.option("-o", "--output", required=True, type=OutputPath(), help="The folder for the results.")
@click.option("--systems", help="Comma-separated names (default: all).")
@click.option("--targets", default=10_000, show_default=True, help="Blanks every system is measured on (0: all).")
@click.option(
    "--minutes",
    default=0.0,
    help="Minutes of training per thread for peers that do not stop by themselves (0: as long as our default took).",
)
@click.option("--epochs", default=0, help="Epochs of our own systems (0: those of their presets).")
@click.option(
    "--also",
    multiple=True,
    type=FilePath(),
    help="An existing model folder, trained on PREPARED, to be measured as well; may be repeated.",
)
@click.option("--threads", default=0, help="Threads to compute with (0: one per processor that this process may use).")
@click.option("--seed", default=1, show_default=True, help="Seed of everything random.")
@click.option("--quick", is_flag=True, help="Smallest sizes, to check that everything works.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    prepared: Path,
    output: Path,
    systems: str | None,
    targets: int,
    minutes: float,
    epochs: int,
    also: tuple[Path, ...],
    threads: int,
    seed: int,
    quick: bool,
    quiet: bool,
) -> None:
    """Train every system on the folder PREPARED and compare them.

    OUTPUT gets a folder for each system, RESULTS.md and a plot. The same command resumes a benchmark that was stopped.
    While one of our own systems trains, train.log in its folder shows the progress.
    """
    needs(targets >= 0, f"--targets must be 0 (all) or more, not {targets}")
    needs(minutes >= 0, f"--minutes must be 0 or more, not {minutes}")
    needs(epochs >= 0, f"--epochs must be 0 (the preset's) or more, not {epochs}")
    needs(
        0 <= threads <= MOST_THREADS, f"--threads must be from 0 (one per processor) to {MOST_THREADS}, not {threads}"
    )
    needs(0 <= seed <= MOST_SEED, f"--seed must be from 0 to {MOST_SEED}, not {seed}")
    try:
        from tiankong.benchmark.report import write_report  # noqa: PLC0415 - heavy
        from tiankong.benchmark.run import registry, run_benchmark  # noqa: PLC0415
        from tiankong.benchmark.system import Budget  # noqa: PLC0415
        from tiankong.benchmark.task import make_task  # noqa: PLC0415

        known = registry()
    except ModuleNotFoundError:
        raise MissingPackageError("the benchmark", "train") from None
    from tiankong.corpus.prepared import PreparedCorpus  # noqa: PLC0415
    from tiankong.text.vocabulary import SPECIAL_TOKENS  # noqa: PLC0415

    names = list(known) if systems is None else [name.strip() for name in systems.split(",")]
    _check_names(also)
    wrong = [name for name in names if name not in known]
    needs(any(names), f"--systems names none: choose from {', '.join(known)}")
    needs(not wrong, f"there is no system {', '.join(map(repr, wrong))}: choose from {', '.join(known)}")
    corpus = PreparedCorpus(prepared)
    threads = threads or allowed_threads()
    seconds = 60 * minutes * threads
    if quick:
        targets, seconds = min(targets or _QUICK_TARGETS, _QUICK_TARGETS), _QUICK_SECONDS
    budget = Budget(seconds, threads, seed, epochs, quick)
    try:
        results = run_benchmark(corpus, names, targets, budget, output, lambda line: say(line, quiet=quiet), also=also)
    except KeyboardInterrupt:
        say("tiankong: interrupted: the same command continues with the system that was being measured", quiet=False)
        click.get_current_context().exit(128 + signal.SIGINT)
    needs(
        not all(result.skipped for result in results),
        f"nothing could be run ({'; '.join(f'{result.system}: {result.skipped}' for result in results)})",
    )
    command_line = this_command()
    write_report(output, results, corpus, make_task(corpus, targets), len(SPECIAL_TOKENS), seed, command_line)
    click.echo(f"{output}: RESULTS.md and results.png")


def _check_names(models: tuple[Path, ...]) -> None:
    """Two models need different names, which are those of their results."""
    by_name: dict[str, Path] = {}
    for model in models:
        other = by_name.setdefault(model.name, model)
        needs(other is model, f"--also {other} and {model} have the same name: copy or link one under another")
