"""``tiankong train``: a prepared corpus to a model folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tiankong.cli.display import end_stopped, metrics_lines, progress_bars, say, this_command
from tiankong.cli.options import FilePath, Numbers, OutputPath, SectionedCommand, config_options, force_option
from tiankong.config import ClassifierConfig, ModelConfig, TrainingConfig
from tiankong.registry.tasks import TASKS
from tiankong.stop_signals import stop_signals_held_back

if TYPE_CHECKING:
    from tiankong.pipeline.progress import Progress


@click.command(name="train", cls=SectionedCommand)
@click.argument("prepared", nargs=-1, required=True, type=FilePath())
@click.option("-o", "--output", required=True, type=OutputPath(), help="The model folder to make.")
@click.option(
    "--weights",
    type=Numbers("weights", ",", float, None, taken="numbers", form="3,1"),
    help="With several corpora, each one's share of the training tokens, such as 3,1. [default: by their sizes]",
)
@click.option(
    "--task",
    type=click.Choice(list(TASKS)),
    default=next(iter(TASKS)),
    show_default=True,
    help="What the model learns: " + "; ".join(f"{name}: {task.help}" for name, task in TASKS.items()) + ".",
)
@click.option(
    "--from",
    "base",
    help="Go on from this model that fills blanks, a folder or a built-in model, with its network and words. A model "
    "that fills blanks gets the new words of PREPARED as well.",
)
@click.option("--resume", is_flag=True, help="Continue the unfinished training of this output, if there is one.")
@force_option
@click.option("--keep-checkpoints", is_flag=True, help="Keep OUTPUT.training after the model is written.")
@click.option("--measure-limit", default=0, help="Measure only this many texts of each split at the end (0: all).")
@click.option("--tensorboard", type=OutputPath(), help="Write TensorBoard events to this folder.")
@click.option(
    "--profile", is_flag=True, help="Print at each evaluation where the time went and how fast the arithmetic was."
)
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--json", "as_json", is_flag=True, help="Print the metrics as JSON.")
@config_options(ModelConfig, TrainingConfig, ClassifierConfig, preset=None)
def command(
    prepared: tuple[Path, ...],
    output: Path,
    weights: tuple[float, ...] | None,
    task: str,
    base: str | None,
    resume: bool,
    force: bool,
    keep_checkpoints: bool,
    measure_limit: int,
    tensorboard: Path | None,
    profile: bool,
    quiet: bool,
    as_json: bool,
    preset: str | None,
    **settings: Any,
) -> None:
    """Train on the folder PREPARED and write a model that fills blanks, or a classifier.

    Several folders are mixed. They must be prepared in the same way, with one vocabulary (prepare --vocabulary-of).

    While it runs, OUTPUT.training holds checkpoints. Ctrl-C saves one and stops; the same command with --resume
    continues, also after a crash, and ends with the same weights as an uninterrupted training.
    """
    with progress_bars(quiet=quiet) as show:

        def shown(step: Progress) -> None:
            if step.stage == "resuming":
                say(f"tiankong: {step.message}", quiet=quiet)
            else:
                show(step)

        try:
            with stop_signals_held_back():
                from tiankong.pipeline.train import holds_run, run_folder, train  # noqa: PLC0415 - heavy

            result = train(
                list(prepared),
                output,
                weights=weights,
                task=task,
                base=base,
                preset=preset,
                resume=resume,
                force=force,
                keep_checkpoints=keep_checkpoints,
                measure_limit=measure_limit,
                profile=profile,
                tensorboard=tensorboard,
                progress=shown,
                command=this_command(),
                **settings,
            )
        except (KeyboardInterrupt, SystemExit) as stopped:
            end_stopped(stopped, run_folder(output) if holds_run(output) else None)
    metrics = result.metrics
    if as_json:
        click.echo(json.dumps(metrics, ensure_ascii=False))
        return
    if "learned_codes" in metrics:
        learned = metrics["learned_codes"]
        say(
            f"codes: {learned['words_changed']:,} of {learned['words']:,} words have learned another code, "
            f"{learned['bits_turned']:.1%} of all bits",
            quiet=quiet,
        )
    click.echo(f"{output}: best epoch {metrics['best_epoch']} of {metrics['epochs']}, scores on the test split:")
    click.echo(metrics_lines(metrics["test"]))
    for name, corpus in metrics.get("corpora", {}).items():
        click.echo(f"{name}, {corpus['share']:.1%} of the tokens:")
        click.echo(metrics_lines(corpus["test"]))
