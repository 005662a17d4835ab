"""Training a network that fills blanks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from tiankong.config import ModelConfig, TrainingConfig, validate
from tiankong.corpus.codes import unique_codes
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import FolderError, OptionError
from tiankong.network.cloze import ClozeNetwork, WordTables, parameter_count
from tiankong.network.heads import CodedHead, Head
from tiankong.training.batches import WindowBatches
from tiankong.training.calibration import Calibration, calibrate
from tiankong.training.history import Row
from tiankong.training.module import ClozeModule
from tiankong.training.run import Display, Monitored, check_memory, ready_machine, tensorboard_logger, train
from tiankong.training.run_folder import Work, started_run


@dataclass(frozen=True)
class Trained:
    """The best network of a run, what each epoch measured, and how it was calibrated at the end."""

    network: ClozeNetwork
    rows: list[Row]
    best_epoch: int
    calibration: Calibration


def fit(corpus: PreparedCorpus, model: ModelConfig, training: TrainingConfig, work: Work, display: Display) -> Trained:
    """Trains on ``corpus`` and returns the weights of the best epoch.

    :raises OptionError: the configurations, or the run to resume is another one.
    :raises FolderError: as :func:`~tiankong.training.run_folder.started_run`; a torn checkpoint.
    :raises TrainingInterrupted: after Ctrl-C or SIGTERM; calling again with ``resume`` goes on.
    """
    validate(model, training)
    ready_machine(training)
    # What can be refused is refused before the run's folder is there.
    tables = word_tables(corpus, model)
    tensorboard_logger(display.tensorboard)
    check_memory(parameter_count(model, training, tables))
    batches, *measured = _loaders(corpus, training)
    what = {"corpus": corpus.fingerprint, "model": dataclasses.asdict(model)}
    with started_run(what, training, work) as precision:
        module = ClozeModule(model, training, tables, steps=len(batches) * training.epochs)
        best = monitored(model, training)
        tokens = corpus.manifest.splits["train"].tokens
        rows = train(
            module,
            batches,
            measured,
            training,
            tokens=tokens,
            precision=precision,
            monitored=best,
            work=work,
            display=display,
        )
    network = module.network.cpu().eval()
    settle_codes(network.head)
    return Trained(network, rows, best.best(rows) + 1, calibrate(network, measured[0].in_order()))


def settle_codes(head: Head) -> None:
    """Makes what was learned of codes final: no two coded words have the same, the rarer one gives way."""
    if isinstance(head, CodedHead) and head.codes.latent is not None:
        unique, _ = unique_codes(head.codes.numbers()[head.first_coded :].numpy())
        head.codes.settle(torch.cat((head.codes.fixed[: head.first_coded], torch.from_numpy(unique))))


def monitored(model: ModelConfig, training: TrainingConfig) -> Monitored:
    """The validation score that decides which epoch is best."""
    if model.head == "codes" and training.code_loss == "bits":
        return Monitored("validation_bit_accuracy", "max")
    return Monitored("validation_perplexity", "min")


def word_tables(corpus: PreparedCorpus, model: ModelConfig) -> WordTables:
    """What the network must know of the corpus's words.

    :raises FolderError: a codes or hybrid head, and the corpus has no codes.
    :raises OptionError: a hybrid head that would code no word.
    """
    size = int(corpus.vocabulary.targets().sum())
    if model.head == "hybrid" and model.frequent_words >= size:
        raise OptionError(
            f"frequent_words ({model.frequent_words}) must be below the {size} words of the vocabulary that can fill a "
            "blank, else none is left to be coded: give a smaller --frequent-words, or use --head softmax"
        )
    codes = None if model.head == "softmax" else corpus.codes
    words = corpus.vocabulary
    spelling = corpus.lexicon.character_ids[: len(words)]
    return WordTables(words.counts, words.targets(), codes, len(corpus.characters), spelling)


def _loaders(corpus: PreparedCorpus, training: TrainingConfig) -> tuple[WindowBatches, WindowBatches, WindowBatches]:
    """Training batches, and the validation and training texts measured after each epoch."""
    train, validation = corpus.split("train"), corpus.split("validation")
    wanted = training.validation_sentences or len(validation)
    generator = np.random.default_rng(training.seed)

    def chosen(size: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        return np.sort(generator.permutation(size)[:wanted])

    # Measured batches are smaller: every one scores the whole vocabulary.
    measured = dataclasses.replace(training, loss_tokens="targets", batch_sentences=0)
    loaders = (
        WindowBatches(corpus, train, np.arange(len(train)), training),
        WindowBatches(corpus, validation, chosen(len(validation)), measured),
        WindowBatches(corpus, train, chosen(len(train)), measured),
    )
    for loader, name in zip(loaders, ("train", "validation", "train"), strict=True):
        if not any(len(targets) for _, targets, _ in loader.in_order()):
            raise FolderError(f"the {name} split of {corpus.folder} has no known word to predict: prepare more text")
    return loaders
