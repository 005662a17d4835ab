"""A prepared corpus to a model folder."""

from __future__ import annotations

import dataclasses
import difflib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiankong.artifact.base_model import BaseModel
from tiankong.artifact.built_in import model_path
from tiankong.artifact.model_folder import MODEL, open_model
from tiankong.config import ModelConfig, Preset, override, preset_tables, validate
from tiankong.config.applicability import check_shape, check_task, check_used
from tiankong.config.automatic_head import with_decoding, with_head
from tiankong.config.schema import where
from tiankong.corpus.mix import CorpusMix
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.word_codes import usual_bits
from tiankong.errors import MissingPackageError, OptionError
from tiankong.evaluation.base import evaluation_of
from tiankong.evaluation.mixed import mixed_metrics
from tiankong.folder import as_path
from tiankong.objective.base import objective_of
from tiankong.pipeline.adapting import adapted, check_base
from tiankong.pipeline.calls import call_text
from tiankong.pipeline.error_detection import error_detection_finder
from tiankong.pipeline.given_corpora import Prepared, listed
from tiankong.pipeline.progress import OnProgress, Progress, check_progress, counter, notes, word_vectors
from tiankong.pipeline.results import TrainingResult
from tiankong.pipeline.settings import preset_of, with_settings
from tiankong.registry.heads import AUTO, HEADS, choose_head
from tiankong.registry.tasks import TASKS, WORDS, TaskSpec
from tiankong.request.options import is_whole
from tiankong.stop_signals import stop_signals_held_back
from tiankong.unfinished_work import nothing_to_resume

if TYPE_CHECKING:
    from tiankong.training.profile import Profile
    from tiankong.training.run_folder import Work
    from tiankong.training.trainer import Observer

_SAMPLE = 2000
"""The most texts of the training split that are measured."""


def train(
    prepared: Prepared | Sequence[Prepared],
    output: str | os.PathLike[str],
    *,
    weights: Sequence[float] | None = None,
    task: str = "cloze",
    base: str | os.PathLike[str] | None = None,
    preset: str | os.PathLike[str] | Preset | None = None,
    resume: bool = False,
    force: bool = False,
    keep_checkpoints: bool = False,
    measure_limit: int = 0,
    profile: bool = False,
    tensorboard: str | os.PathLike[str] | None = None,
    progress: OnProgress | None = None,
    command: str | None = None,
    **settings: Any,
) -> TrainingResult:
    """Trains a model on a prepared corpus, or on several, and writes the folder ``output``.

    >>> result = tiankong.train("prepared", "model", preset="quick", epochs=2)
    >>> result.metrics["test"]["top10"]
    >>> result = tiankong.train(["news", "reviews"], "model", weights=[3, 1], max_hours=2)
    >>> result.metrics["corpora"]["reviews"]["test"]["top10"]
    >>> result = tiankong.train("prepared", "model", base="zh")

    With a head that needs word codes, they are made from the training split and kept beside the corpus, in
    ``PREPARED.codes-BITS``; of several corpora, the one with the largest share of the tokens.

    While it runs, the folder ``OUTPUT.training`` holds checkpoints. Ctrl-C saves one and raises ``KeyboardInterrupt``;
    the same call with ``resume=True`` continues, also after a crash, and ends with the same weights as an uninterrupted
    training.

    :param prepared: the folder of a prepared corpus, or what :func:`tiankong.prepare` returned; or a list of them,
        prepared in the same way and with one vocabulary (see ``vocabulary_of`` there).
    :param output: the model folder to make.
    :param weights: with several corpora, each one's share of the training tokens, relative to the sum of all weights
        (default: in proportion to their tokens).
    :param task: ``cloze`` trains a model that fills blanks, ``classify`` one that predicts the labels of the texts.
    :param base: a model that fills blanks, by its built-in name or its folder, whose network and words to start from.
        A model that fills blanks gets the words of ``prepared`` that it lacks as well.
    :param preset: the name of a preset, the path of a ``.toml`` file, or a :class:`tiankong.config.Preset` (default:
        ``default``; with a ``base``, ``adapt``; for classifiers, ``classifier``).
    :param resume: continue the unfinished training of this ``output``, if there is one.
    :param force: discard unfinished work, unless ``resume`` is given; replace ``output`` if it is a model.
    :param keep_checkpoints: keep ``OUTPUT.training`` when the model is written.
    :param measure_limit: measure only this many texts of each split at the end (0: all).
    :param profile: measure in each epoch where the time goes and how fast the arithmetic is.
    :param tensorboard: write TensorBoard events to this folder.
    :param progress: called with a :class:`tiankong.Progress`. The stages are ``adapting`` (how the texts and the
        ``base`` fit), ``head`` (if it is chosen), ``word vectors``, ``training`` (in steps), ``epoch`` (with the
        metrics of each evaluation), ``profile``, ``error detection`` and ``measuring`` (in texts), and ``resuming``.
    :param command: the command recorded in the model card (default: this call).
    :param settings: fields of :class:`tiankong.config.ModelConfig`, :class:`~tiankong.config.TrainingConfig` and
        :class:`~tiankong.config.ClassifierConfig`, such as ``epochs=2``.
    :raises OptionError: settings are unknown, do not go together or can't be used on this machine; the ``weights`` do
        not match the corpora; the training to resume was started with different settings; the training diverged.
    :raises FolderError: ``prepared`` or ``base`` can't be used; corpora differ in their vocabulary or preparation;
        ``output`` exists or can't be written; there is an unfinished training (without ``resume`` or ``force``).
    :raises MissingPackageError: the packages of ``tiankong[train]`` are not installed.
    :raises KeyboardInterrupt: after Ctrl-C; after SIGTERM, ``SystemExit``.
    """
    given_corpora = listed(prepared)
    stated = call_text(
        "train",
        [given_corpora[0] if len(given_corpora) == 1 else given_corpora, output],
        {
            "weights": list(weights) if isinstance(weights, tuple) else weights,
            "task": task if task != next(iter(TASKS)) else None,
            **{"base": base, "preset": preset, "measure_limit": measure_limit or None},
            **settings,
        },
    )
    output, base = as_path(output, "output"), None if base is None else os.fspath(as_path(base, "base"))
    if tensorboard is not None:
        tensorboard = as_path(tensorboard, "tensorboard")
    check_progress(progress)
    spec = _task(task)
    if not is_whole(measure_limit) or measure_limit < 0:
        raise OptionError(f"`measure_limit` must be 0 (all) or more, not {measure_limit!r}")
    if profile and not spec.has_profile:
        raise OptionError(f'`profile` is not for `task="{task}"`, whose arithmetic is not counted: leave it out')
    if weights is not None and len(given_corpora) == 1:
        raise OptionError("`weights` is for several corpora: leave it out, or name more than one")
    if len(given_corpora) > 1 and not spec.takes_several:
        raise OptionError(f'`task="{task}"` takes one prepared corpus: prepare all files together')
    config = _settings(spec, preset, settings, base)
    limit_spinning()
    try:
        with stop_signals_held_back():
            from tiankong.exporting.model_writer import write_model  # noqa: PLC0415 - heavy
            from tiankong.training.run_folder import Work, remove_run  # noqa: PLC0415
            from tiankong.training.task import TrainingRequest, fit  # noqa: PLC0415
            from tiankong.training.trainer import TrainingInterrupted  # noqa: PLC0415
    except ModuleNotFoundError:
        raise MissingPackageError("training", "train") from None
    MODEL.check_output(output, force=force)
    opened, corpora = _opened(spec, base, given_corpora, progress)
    mix = CorpusMix(corpora, weights)
    config, chosen_head = _with_head(spec, config, settings, mix, progress) if opened is None else (config, {})
    model = _shape(spec, config, preset, settings, opened, mix.first)
    profiles: list[Profile] = []
    names = [part.name for part in mix.parts] if mix.is_several else []
    observer = _observer(spec, config.training.epochs, names, progress, profiles if profile else None, tensorboard)
    evaluation = evaluation_of(spec)
    sizes = [_measured_texts(part.corpus, measure_limit) for part in mix.parts]
    for part, texts_of in zip(mix.parts, sizes, strict=True):
        for split, texts in texts_of.items():
            evaluation.check_split(part.corpus, split, texts)
    work = _work(Work(run_folder(output), resume, force, command or stated), progress)
    request = TrainingRequest(spec, mix, model, config.training, config.classifier, work, observer, opened)

    def measure(folder: Path) -> dict[str, Any]:
        loaded = evaluation.load(open_model(folder), config.training.threads)
        advance = counter(progress, "measuring", sum(sum(texts_of.values()) for texts_of in sizes))
        results = [
            {
                split: evaluation.measure(loaded, part.corpus, split, texts=texts, on_text=advance)
                for split, texts in texts_of.items()
            }
            for part, texts_of in zip(mix.parts, sizes, strict=True)
        ]
        return mixed_metrics(mix, results)

    try:
        trained = fit(request)
        metrics = write_model(
            dataclasses.replace(trained, metrics={**chosen_head, **trained.metrics}),
            request,
            output,
            measure=measure,
            find_error_detection=error_detection_finder(spec, mix, config.training.threads, progress),
            command=command or stated,
        )
    except TrainingInterrupted as stopped:
        raise _as_raised_by_python(stopped.signal, work) from None
    if not keep_checkpoints:
        remove_run(work)
    return TrainingResult(output, metrics, trained.rows, profiles[-1] if profiles else None)


def _work(asked: Work, progress: OnProgress | None) -> Work:
    """The work that is asked for, from the beginning if there is nothing to resume."""
    if not asked.resume or asked.holds_run:
        return asked
    if progress is not None:
        progress(Progress("resuming", message=nothing_to_resume("training", asked.folder)))
    return dataclasses.replace(asked, resume=False)


def limit_spinning() -> None:
    """Lets threads that wait for each other sleep soon. Call it before torch is loaded, which reads the setting then.

    By default they spin without end, which slows training tenfold as soon as anything else runs on the machine.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")


def run_folder(output: Path) -> Path:
    """Where a training that makes ``output`` keeps its state."""
    return output.with_name(output.name + ".training")


def holds_run(output: Path) -> bool:
    """Whether there is an unfinished training of ``output``."""
    with stop_signals_held_back():
        from tiankong.training.run_folder import Work  # noqa: PLC0415 - heavy

    return Work(run_folder(output)).holds_run


def can_resume(output: Path) -> bool:
    """Whether there is an unfinished training of ``output`` with a checkpoint to resume from."""
    with stop_signals_held_back():
        from tiankong.training.run_folder import Work  # noqa: PLC0415 - heavy

    return Work(run_folder(output)).has_checkpoint


def _opened(
    task: TaskSpec, base: str | None, given: Sequence[PreparedCorpus | Path], progress: OnProgress | None
) -> tuple[BaseModel | None, list[PreparedCorpus]]:
    """The base model, and the corpora as the new model reads them."""
    corpora = [corpus if isinstance(corpus, PreparedCorpus) else PreparedCorpus(corpus) for corpus in given]
    if base is None:
        return None, corpora
    from tiankong.exporting.open_base import open_base  # noqa: PLC0415 - heavy

    opened, note = open_base(model_path(base)), notes(progress, "adapting")
    check_base(opened, corpora, note)
    return opened, adapted(opened, corpora, note) if task.answers == WORDS else corpora


def _task(name: str) -> TaskSpec:
    if name not in TASKS:
        nearest = difflib.get_close_matches(str(name), TASKS, n=1)
        way_out = f"did you mean {nearest[0]!r}?" if nearest else f"the tasks are {', '.join(TASKS)}"
        raise OptionError(f"there is no task {name!r}: {way_out}")
    return TASKS[name]


def _settings(
    task: TaskSpec, preset: str | os.PathLike[str] | Preset | None, given: Mapping[str, Any], base: str | None
) -> Preset:
    """The settings of a training, checked together."""
    check_task(task, given, has_base=base is not None)
    usual = task.preset if base is None else task.base_preset
    config = with_settings(preset_of(usual if preset is None else preset), given, "model", "training", "classifier")
    if config.model.head in HEADS:
        config = with_decoding(config, given)
    if base is None:
        check_used(config, given)
    else:  # whose shape is not that of the preset
        check_shape(given, base)
    validate(config.model, config.training, config.classifier)
    return config


def _with_head(
    task: TaskSpec, config: Preset, given: Mapping[str, Any], mix: CorpusMix, progress: OnProgress | None
) -> tuple[Preset, dict[str, Any]]:
    """``config`` with a real head in place of ``auto``, for the vocabulary and the training texts of ``mix``; and for
    the model's metrics, which head was chosen and why.

    :raises OptionError: a given setting does not go with that head.
    """
    if task.answers != WORDS or config.model.head != AUTO:
        return config, {}
    choice = choose_head(mix.first.manifest.words, mix.tokens)
    config = with_head(config, choice, given, has_codes=mix.first.manifest.codes is not None)
    stated = {"name": choice.head.name, "reason": choice.reason}
    if progress is not None:
        progress(Progress("head", message=head_line(**stated)))
    return config, {"head": stated}


def head_line(name: str, reason: str) -> str:
    """A sentence for people about the head that was chosen."""
    return f"head: {name}, because {reason}"


def _shape(
    task: TaskSpec,
    config: Preset,
    preset: str | os.PathLike[str] | Preset | None,
    given: Mapping[str, Any],
    base: BaseModel | None,
    corpus: PreparedCorpus,
) -> ModelConfig:
    """The network's settings for ``corpus``. With a base model they are the base's, except for settings outside the
    shape that the preset states or that were given; without one they are those of ``config``, with defaults where
    models of the task have no such part.
    """
    fields = dataclasses.fields(ModelConfig)
    if base is None:
        usual = ModelConfig()
        without = [field.name for field in fields if where(field).answers not in {None, task.answers}]
        model = dataclasses.replace(config.model, **{name: getattr(usual, name) for name in without})
        if model.head_spec.needs_codes and not model.code_bits:
            model = dataclasses.replace(model, code_bits=usual_bits(corpus))
        return model
    if isinstance(preset, Preset):
        stated = {field.name for field in fields}
    else:
        named = preset if preset is not None or task.base_preset == task.preset else task.base_preset
        stated = set(preset_tables(os.fspath(named)).get("model", {})) if named is not None else set()
    stated |= {name for name, value in given.items() if value is not None}
    kept = [field.name for field in fields if not where(field).is_shape and field.name in stated]
    return override(base.folder.manifest.model, {name: getattr(config.model, name) for name in kept})


def _measured_texts(corpus: PreparedCorpus, limit: int) -> dict[str, int]:
    """How many texts of each split are measured."""
    splits = corpus.manifest.splits
    sizes = {name: min(limit or splits[name].texts, splits[name].texts) for name in splits}
    return {**sizes, "train": min(_SAMPLE, sizes["train"])}


def _observer(
    task: TaskSpec,
    epochs: int,
    corpora: Sequence[str],
    progress: OnProgress | None,
    profiles: list[Profile] | None,
    tensorboard: str | os.PathLike[str] | None,
) -> Observer:
    """Returns the observer that reports a training's progress, also on each of several ``corpora``, and collects
    ``profiles``.
    """
    from tiankong.training.trainer import Observer  # noqa: PLC0415 - heavy

    report = progress or (lambda _: None)
    objective = objective_of(task)

    def on_epoch(row: dict[str, float]) -> None:
        name = f"epoch {row['epoch']:.7g}" + (f"/{epochs}" if epochs else "")
        if row["epoch"] == 0:
            name = objective.before_training
        parts = [name, f"loss {row['train_loss']:.4f}", *objective.epoch_parts(row)]
        for name in corpora:
            of_corpus = {
                key.removeprefix(f"{name}/"): value for key, value in row.items() if key.startswith(f"{name}/")
            }
            parts.append(f"{name}: {objective.epoch_parts(of_corpus)[-1]}")
        parts.append(f"{row['tokens_per_second']:,.0f} tokens/s")
        report(Progress("epoch", int(row["epoch"]), epochs, metrics=row, message=" | ".join(parts)))

    def on_profile(measured: Profile) -> None:
        assert profiles is not None
        profiles.append(measured)
        figures = {**dataclasses.asdict(measured), "rate": measured.rate, "utilisation": measured.utilisation}
        report(Progress("profile", metrics=figures, message=str(measured)))

    return Observer(
        on_codes=lambda bits: report(word_vectors(f"for {bits}-bit codes")),
        on_vectors=lambda: report(word_vectors("to start from")),
        on_step=(lambda done, total: report(Progress("training", done, total))) if progress else None,
        on_resumed=lambda message: report(Progress("resuming", message=message)),
        on_epoch=on_epoch,
        on_profile=None if profiles is None else on_profile,
        tensorboard=None if tensorboard is None else Path(tensorboard),
    )


def _as_raised_by_python(number: int, work: Work) -> BaseException:
    """The exception that Python itself raises at a signal."""
    if number != signal.SIGINT:
        return SystemExit(128 + number)
    if not work.holds_run:
        return KeyboardInterrupt()
    return KeyboardInterrupt(f"the training was stopped: the same call with resume=True continues from {work.folder}")
