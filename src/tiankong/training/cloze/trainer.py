"""Training a network that fills blanks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from tiankong.config import ModelConfig, TrainingConfig, validate
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.word_codes import usual_bits, word_codes
from tiankong.errors import FolderError, OptionError
from tiankong.network.cloze import ClozeNetwork, parameter_count
from tiankong.network.word_tables import WordTables
from tiankong.training.cloze.batches import WindowBatches
from tiankong.training.cloze.calibration import calibrate
from tiankong.training.cloze.module import ClozeModule
from tiankong.training.run_folder import started_run
from tiankong.training.task import Trained, TrainingRequest
from tiankong.training.trainer import Monitored, check_memory, ready_machine, tensorboard_logger, train


def fit(request: TrainingRequest) -> Trained:
    """See :func:`tiankong.training.task.fit`."""
    corpus, model, training = request.corpus, request.model, request.training
    validate(model, training)
    ready_machine(training)
    # What can be refused is refused before the run's folder is there.
    tables = word_tables(corpus, model, request.observer.on_codes)
    tensorboard_logger(request.observer.tensorboard)
    check_memory(parameter_count(model, training, tables))
    batches, *measured = _loaders(corpus, training)
    what = {"task": request.task.name, "corpus": corpus.fingerprint, "model": dataclasses.asdict(model)}
    with started_run(what, training, request.work) as precision:
        module = ClozeModule(model, training, tables, steps=len(batches) * training.epochs)
        score, mode = module.network.head.monitored
        monitored = Monitored(f"validation_{score}", mode)
        rows = train(
            module,
            batches,
            measured,
            training,
            tokens=corpus.manifest.splits["train"].tokens,
            precision=precision,
            monitored=monitored,
            work=request.work,
            observer=request.observer,
        )
    network = module.network.cpu().eval()
    network.head.settle()
    calibration = calibrate(network, measured[0].in_order())
    return Trained(
        network,
        rows,
        monitored.best(rows) + 1,
        corpus.path,
        len(corpus.vocabulary),
        corpus.lexicon,
        fields={"unknown_bias": _unknown_bias(network, corpus) if model.composes_output else None},
        metrics={"calibration": dataclasses.asdict(calibration), **network.head.metrics(tables)},
        arrays=network.head.stored(),
    )


def word_tables(
    corpus: PreparedCorpus, model: ModelConfig, on_codes: Callable[[int], None] = lambda _: None
) -> WordTables:
    """What the network must know of the corpus's words. ``on_codes`` is called with their bits if codes must be made.

    :raises FolderError: the head needs codes, and they can't be kept beside the corpus.
    :raises OptionError: the head would code no word.
    """
    size = int(corpus.vocabulary.targets().sum())
    if model.head_spec.has("frequent_words") and model.frequent_words >= size:
        raise OptionError(
            f"frequent_words ({model.frequent_words}) must be below the {size} words of the vocabulary that can fill a "
            'blank, else none is left to be coded: give a smaller `frequent_words`, or use `head="softmax"`'
        )
    codes = None
    if model.head_spec.needs_codes:
        bits = model.code_bits or usual_bits(corpus)
        codes = word_codes(corpus, bits, lambda: on_codes(bits))
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
            raise FolderError(f"the {name} split of {corpus.path} has no known word to predict: prepare more text")
    return loaders


def _unknown_bias(network: ClozeNetwork, corpus: PreparedCorpus) -> float:
    """Of a word outside the vocabulary: as the rarest words within, but seen once."""
    counts, candidate = corpus.vocabulary.counts, corpus.vocabulary.targets()
    fewest = counts[candidate].min()
    bias = network.head.bias.detach().numpy()
    return float(bias[candidate & (counts == fewest)].mean() - np.log(fewest))
