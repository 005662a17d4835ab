"""Training a classifier, from scratch or from a model that fills blanks."""

from __future__ import annotations

import dataclasses
import itertools
import time
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tiankong.config import ClassifierConfig, TrainingConfig, validate
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import FolderError, OptionError
from tiankong.network.classifier import ClassifierNetwork
from tiankong.objective.base import Row
from tiankong.objective.labels import FEWEST_LEARNT, label_counts, label_objective
from tiankong.text.network_input import Ints, Lexicon
from tiankong.text.vocabulary import SPECIAL_TOKENS
from tiankong.training.batches import Batches, ByLength, MakeItems
from tiankong.training.checkpoints import SafetensorsCheckpoints, read_checkpoint
from tiankong.training.classify.batches import LabelledBatch, LabelledTexts
from tiankong.training.classify.label_layer import fit_label_layer, temper, text_features
from tiankong.training.classify.module import LabelModule
from tiankong.training.classify.scores import LabelScores
from tiankong.training.corpus_batches import MeasuredBatches, training_batches
from tiankong.training.limits import steps_of
from tiankong.training.module import VALIDATION_SETS
from tiankong.training.run_folder import START_FILE, Work, started_run
from tiankong.training.sampling import choice
from tiankong.training.stream import Capacity
from tiankong.training.task import Trained, TrainingRequest
from tiankong.training.trainer import Monitored, Observer, check_memory, ready_machine, tensorboard_logger, train

_MONITORED = Monitored("validation_log_loss", "min")

_MOST_FITTED = 50_000
"""The most texts that the label layer alone is fitted to: what it reads of each is in memory."""


def fit(request: TrainingRequest) -> Trained:
    """See :func:`tiankong.training.task.fit`.

    From a base, of whose shape the network then is, the label layer is fitted first, on its own; that is epoch 0.

    :raises FolderError: also if the corpus has no labels, too many, or too few texts of one.
    :raises OptionError: also if too few of the texts chosen have a label.
    """
    corpus, training, classifier, base = request.corpus, request.training, request.classifier, request.base
    objective = label_objective(request.task)
    validate(request.model, training, classifier)
    ready_machine(training)
    objective.check(corpus)
    tensorboard_logger(request.observer.tensorboard)
    names = objective.names(corpus)
    learnt, validation = _choices(corpus, training, classifier)
    labels = objective.labels(corpus, "train")
    counts = label_counts(labels if learnt is None else labels[learnt], len(names))
    _check_chosen(counts, names)
    data = _data(request, learnt, validation)
    network = _network(request, len(names))
    module = LabelModule(
        network,
        training,
        _label_weights(counts, classifier),
        classifier.base_rate if base else 1.0,
        steps=steps_of(training, len(data.batches)),
    )
    what = {
        "task": request.task.name,
        "corpus": corpus.fingerprint,
        "base": base.sha256 if base else None,
        "model": dataclasses.asdict(request.model),
        "classifier": dataclasses.asdict(classifier),
    }
    with started_run(what, request.names, training, request.work) as precision:
        rows = [_started(module, data, request.work, request.observer)] if base else []
        start = {name: value.clone() for name, value in network.state_dict().items()}
        course = train(
            module,
            data.batches,
            data.measured,
            training,
            tokens=data.tokens,
            precision=precision,
            monitored=_MONITORED,
            work=request.work,
            observer=request.observer,
        )
    rows += course.rows
    best = _MONITORED.best(rows)
    network = network.cpu().eval()
    if rows[best]["epoch"] == 0:
        network.load_state_dict(start)
    scale = temper(network, text_features(network, data.measured[0]))
    words = base.folder if base else corpus
    return Trained(
        network,
        rows,
        rows[best]["epoch"],
        base.folder.path if base else corpus.path,
        len(words.vocabulary),
        Lexicon.of(words.vocabulary, words.characters),
        fields={"labels": names, "classifier": dataclasses.asdict(classifier)},
        metrics={**course.metrics, "logit_scale": scale},
    )


def _network(request: TrainingRequest, labels: int) -> ClassifierNetwork:
    """With the base's weights, if there is one, below an untrained label layer."""
    corpus, base = request.corpus, request.base
    keys, sizes = corpus.vocabulary.keys(), (len(corpus.characters), 0)
    if base is not None:
        folder = base.folder
        keys, sizes = folder.vocabulary.keys(), (len(folder.characters), folder.manifest.code_bits)
    made = (request.model, keys, sizes, labels, request.training, request.classifier)
    with torch.device("meta"):
        check_memory(sum(parameter.numel() for parameter in ClassifierNetwork(*made).parameters()))
    torch.manual_seed(request.training.seed)
    network = ClassifierNetwork(*made)
    if base is not None:
        below = {name for name in network.state_dict() if not name.startswith("label_layer.")}
        taken = {name: torch.from_numpy(value) for name, value in base.weights.items() if name in below}
        missing = network.load_state_dict(taken, strict=False).missing_keys
        if below & set(missing):
            raise FolderError(f"the weights of {base.folder.path} are damaged: train it again")
    return network


class _Data(NamedTuple):
    """What a classifier is trained and measured on: the batches, the texts that the label layer is fitted to at first,
    and the validation and training texts that are measured at each evaluation; an epoch has ``tokens``.
    """

    batches: Batches[LabelledBatch]
    fitted: MeasuredBatches[LabelledBatch] | ByLength[LabelledBatch]
    measured: list[MeasuredBatches[LabelledBatch]]
    tokens: int


def _started(module: LabelModule, data: _Data, work: Work, observer: Observer) -> Row:
    """Fits the label layer alone, once a run, and returns what it measures, as epoch 0."""
    file = work.folder / START_FILE
    if work.resume and file.exists():
        saved = read_checkpoint(file)
        module.load_state_dict(saved["state_dict"])
        row: Row = saved["row"]
        return row
    started, processor = time.monotonic(), time.process_time()
    network = module.network
    features = [text_features(network, loader.in_order()) for loader in (data.fitted, *data.measured)]
    fit_label_layer(network, features[0], features[1], module.label_weights)
    row = {"epoch": 0, "step": 0, "learning_rate": 0.0}
    for name, (inputs, labels) in zip(VALIDATION_SETS, features[1:], strict=True):
        scores = LabelScores()
        with torch.no_grad():
            scores.add(network.label_logits(inputs), labels)
        row |= {f"{name}_{key}": value for key, value in scores.result().items()}
    row |= {"train_loss": row["train_log_loss"], "seconds": time.monotonic() - started}
    row |= {"processor_seconds": time.process_time() - processor, "tokens_per_second": data.tokens / row["seconds"]}
    SafetensorsCheckpoints().save_checkpoint({"state_dict": module.state_dict(), "row": row}, file)
    observer.on_epoch(row)
    return row


def _data(request: TrainingRequest, learnt: Ints | None, validation: Ints | None) -> _Data:
    """Of the training texts ``learnt`` and the validation texts ``validation``."""
    corpus, base, training = request.corpus, request.base, request.training
    objective = label_objective(request.task)
    lexicon = corpus.lexicon
    if base is not None:
        words = itertools.chain(corpus.vocabulary.words[len(SPECIAL_TOKENS) :], corpus.other_words)
        lexicon = Lexicon.translated(words, base.folder.vocabulary, base.folder.characters)
    capacity = Capacity()
    settings = dataclasses.replace(training, batch_sentences=0)
    part = request.mix.parts[0]
    counts = corpus.manifest.splits["train"]
    size = counts.texts if learnt is None else len(learnt)
    generator = np.random.default_rng(training.seed)
    places = choice(generator, size, training.validation_sentences or size)
    if learnt is not None and places is not None:
        places = np.sort(learnt[places])

    def items(split: str) -> MakeItems[LabelledBatch]:
        labels = objective.labels(corpus, split)
        return lambda texts: LabelledTexts(texts, labels, lexicon)

    of_train = items("train")
    batches = training_batches([part], of_train, training, capacity, learnt)
    fitted: MeasuredBatches[LabelledBatch] | ByLength[LabelledBatch]
    if isinstance(batches, ByLength) and size <= _MOST_FITTED:
        fitted = batches
    else:
        some = choice(generator, size, min(size, _MOST_FITTED))
        some = learnt if some is None else some if learnt is None else learnt[some]
        fitted = MeasuredBatches(part, "train", of_train, training, capacity, some)
    measured = [
        MeasuredBatches(part, "validation", items("validation"), settings, capacity, validation),
        MeasuredBatches(part, "train", of_train, settings, capacity, places),
    ]
    tokens = batches.tokens if isinstance(batches, ByLength) else round(counts.tokens * size / counts.texts)
    return _Data(batches, fitted, measured, tokens)


def chosen_texts(corpus: PreparedCorpus, training: TrainingConfig, classifier: ClassifierConfig) -> tuple[Ints, Ints]:
    """The numbers of the training texts that are learned from, and of the validation texts that are measured."""
    splits = (corpus.manifest.splits[name] for name in ("train", "validation"))
    chosen = _choices(corpus, training, classifier)
    learnt, validation = (
        np.arange(counts.texts) if texts is None else texts for counts, texts in zip(splits, chosen, strict=True)
    )
    return learnt, validation


def _choices(
    corpus: PreparedCorpus, training: TrainingConfig, classifier: ClassifierConfig
) -> tuple[Ints | None, Ints | None]:
    """As :func:`chosen_texts`; ``None`` stands for all of very many texts."""
    generator = np.random.default_rng(training.seed)
    splits = corpus.manifest.splits
    learnt = choice(generator, splits["train"].texts, classifier.training_texts)
    return learnt, choice(generator, splits["validation"].texts, training.validation_sentences)


def _check_chosen(counts: Ints, names: list[str]) -> None:
    """Checks that every label is frequent enough in the texts that are learned from; ``counts`` (labels,) are the
    frequencies.
    """
    if counts.min() < FEWEST_LEARNT:
        raise OptionError(
            f"of the {counts.sum():,} training texts that `training_texts` and the seed choose, {counts.min()} have "
            f"the label {names[int(counts.argmin())]!r}, and {FEWEST_LEARNT} are needed: choose more"
        )


def _label_weights(counts: Ints, classifier: ClassifierConfig) -> Tensor | None:
    """The weight of a text of each label (labels,), 1 on average over the texts that are learned from."""
    if classifier.label_weights == "none":
        return None
    texts = torch.from_numpy(counts).float()
    return texts.sum() / (len(texts) * texts)
