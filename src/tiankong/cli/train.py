"""``tiankong train``: a prepared corpus to a model folder."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tiankong.cli.display import metrics_lines, progress, say, shows_progress, this_command
from tiankong.cli.options import chosen, config_options, needs
from tiankong.cli.train_classifier import label_epoch_line, train_classifier
from tiankong.cli.train_request import Order
from tiankong.config import ClassifierConfig, ModelConfig, Preset, TrainingConfig, validate
from tiankong.config.applicability import check_task, check_used
from tiankong.errors import MissingPackageError
from tiankong.registry.tasks import TASKS

if TYPE_CHECKING:
    from tiankong.artifact.error_detection import ErrorDetection


@click.command(name="train")
@click.argument("prepared", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The model folder to make.")
@click.option(
    "--task",
    type=click.Choice(list(TASKS)),
    default=next(iter(TASKS)),
    show_default=True,
    help="Fill blanks, or tell apart the labels of the texts.",
)
@click.option(
    "--from", "base", help="Train a classifier on from this model that fills blanks; its shape and words are taken."
)
@click.option("--resume", is_flag=True, help="Go on with an unfinished training of this output.")
@click.option("--force", is_flag=True, help="Start over (without --resume); replace the output folder if it exists.")
@click.option("--keep-checkpoints", is_flag=True, help="Keep OUTPUT.training after the model is written.")
@click.option("--measure-limit", default=0, help="Measure so many texts of each split at the end (0: all).")
@click.option("--tensorboard", type=click.Path(path_type=Path), help="Write TensorBoard events to this folder.")
@click.option(
    "--profile", is_flag=True, help="Say after each epoch where the time went and how fast the arithmetic was."
)
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--json", "as_json", is_flag=True, help="Print the metrics as JSON.")
@config_options(ModelConfig, TrainingConfig, ClassifierConfig, preset=None)
def command(
    prepared: Path,
    output: Path,
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
    **values: Any,
) -> None:
    """Train on the folder PREPARED and write a model that fills blanks, or one that tells labels apart.

    While it runs, OUTPUT.training holds checkpoints. Ctrl-C saves one and stops; the same command with --resume
    goes on, also after a crash, and ends with the same weights as without the stop.
    """
    needs(measure_limit >= 0, f"--measure-limit must be 0 (all) or more, not {measure_limit}")
    spec = TASKS[task]
    classifies = spec.takes_base
    needs(
        not profile or spec.has_profile,
        f"--profile counts the arithmetic of filling blanks: leave it out with --task {task}",
    )
    check_task(spec, values, has_base=bool(base))
    config = chosen(spec.preset if preset is None else preset, values)
    # A decoding that the head has not is then a preset's, which has another head.
    if values["decoding"] is None and config.model.decoding not in config.model.head_spec.decodings:
        config = dataclasses.replace(config, model=dataclasses.replace(config.model, decoding="likelihood"))
    if not base:  # whose shape is not that of the preset
        check_used(config, values)
    validate(config.model, config.training, config.classifier)
    # Read when torch is loaded. Threads that wait for each other spin for ever by default, which slows training
    # tenfold as soon as anything else runs on the machine.
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")
    try:
        from tiankong.training.run import Display, TrainingInterrupted  # noqa: PLC0415 - heavy
        from tiankong.training.run_folder import Work, remove_run  # noqa: PLC0415
    except ModuleNotFoundError:
        raise MissingPackageError("training", "train") from None
    from tiankong.artifact.model_folder import MODEL  # noqa: PLC0415
    from tiankong.corpus.prepared import PreparedCorpus  # noqa: PLC0415

    MODEL.check_output(output, force=force)
    epoch_line = label_epoch_line if classifies else _epoch_line
    display = Display(
        progress_bar=shows_progress(quiet),
        on_resumed=lambda where: say(f"tiankong: {where}", quiet=quiet),
        on_epoch=lambda row: say(epoch_line(row, config.training.epochs), quiet=quiet),
        on_profile=(lambda found: say(_profile_line(found), quiet=quiet)) if profile else None,
        tensorboard=tensorboard,
    )
    work = Work(output.with_name(output.name + ".training"), resume, force, this_command())
    order = Order(PreparedCorpus(prepared), output, work, display, measure_limit, quiet)
    try:
        metrics = train_classifier(order, config, base, values, preset) if classifies else _train_cloze(order, config)
    except (TrainingInterrupted, KeyboardInterrupt, SystemExit) as stopped:
        if not work.holds_run:
            raise
        say(f"tiankong: stopped: the same command with --resume goes on from {work.folder}", quiet=False)
        click.get_current_context().exit(128 + _signal_behind(stopped))
    if not keep_checkpoints:
        remove_run(work)
    if as_json:
        click.echo(json.dumps(metrics, ensure_ascii=False))
        return
    if "learned_codes" in metrics:
        learned = metrics["learned_codes"]
        say(
            f"codes: {learned['words_changed']:,} of {learned['words']:,} words have learned another, "
            f"{learned['bits_turned']:.1%} of all bits",
            quiet=quiet,
        )
    click.echo(f"{output}: best epoch {metrics['best_epoch']} of {metrics['epochs']}, scores on the test split:")
    click.echo(metrics_lines(metrics["test"]))


def _train_cloze(order: Order, config: Preset) -> dict[str, Any]:
    """Trains a model that fills blanks and returns its metrics."""
    from tiankong.evaluate.error_detection import MOST_TEXTS, fit_error_detection  # noqa: PLC0415
    from tiankong.evaluate.measure import check_targets, measure_split  # noqa: PLC0415
    from tiankong.export.model_writer import write_model  # noqa: PLC0415
    from tiankong.runtime.predictor import open_predictor  # noqa: PLC0415
    from tiankong.training.fit import fit  # noqa: PLC0415

    corpus = order.corpus
    for split, texts in order.sizes.items():
        check_targets(corpus, split, texts)
    trained = fit(corpus, config.model, config.training, order.work, order.display)

    def measure(folder: Path) -> dict[str, Any]:
        model = open_predictor(folder)
        return order.measured(
            lambda name, size, advance: measure_split(model, corpus, name, texts=size, on_text=advance)
        )

    def find_error_detection(folder: Path) -> ErrorDetection | None:
        with progress("learning what does not fit", MOST_TEXTS, quiet=order.quiet) as advance:
            return fit_error_detection(open_predictor(folder), corpus, corpus.manifest.config.seed, advance)

    return write_model(
        trained,
        corpus,
        config.model,
        config.training,
        order.output,
        force=order.work.force,
        measure=measure,
        find_error_detection=find_error_detection,
        command=this_command(),
    )


def _signal_behind(stopped: BaseException) -> int:
    """Which signal ended a training: where no step runs, as in measuring, Python's own exception says it, or that of
    the program's handler of SIGTERM.
    """
    from tiankong.training.run import TrainingInterrupted  # noqa: PLC0415 - heavy

    if isinstance(stopped, TrainingInterrupted):
        return stopped.signal
    return signal.SIGINT if isinstance(stopped, KeyboardInterrupt) else signal.SIGTERM


def _profile_line(profile: Any) -> str:
    shares = ", ".join(f"{part} {share:.1%}" for part, share in profile.shares.items())
    return (
        f"profile | {profile.flops / profile.tokens / 1e6:.1f} MFLOP a token, {profile.rate / 1e9:,.0f} GFLOP/s = "
        f"{profile.utilisation:.2f} of a matrix product's {profile.matrix_rate / 1e9:,.0f} | {shares}"
    )


def _epoch_line(row: dict[str, float], epochs: int) -> str:
    parts = [f"epoch {row['epoch']:.0f}/{epochs}", f"loss {row['train_loss']:.4f}"]
    if "validation_bit_accuracy" in row:
        parts.append(
            f"bit accuracy {row['train_bit_accuracy']:.4f} train, {row['validation_bit_accuracy']:.4f} validation"
        )
    parts.append(
        f"validation top-1/top-10 {row['validation_top1']:.3f}/{row['validation_top10']:.3f}, "
        f"perplexity {row['validation_perplexity']:.1f}"
    )
    parts.append(f"{row['tokens_per_second']:,.0f} tokens/s")
    return " | ".join(parts)
