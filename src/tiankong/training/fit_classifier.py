"""Training a network that tells labels apart, from scratch or from one that fills blanks."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tiankong.config import CUTTING, ClassifierConfig, ModelConfig, PrepareConfig, TrainingConfig, validate
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import FolderError, OptionError
from tiankong.network.classifier import ClassifierNetwork, of_texts
from tiankong.text.characters import CharacterTable
from tiankong.text.network_input import Ints, Lexicon
from tiankong.text.vocabulary import SPECIAL_TOKENS, Vocabulary
from tiankong.training.checkpoints import SafetensorsCheckpoints, read_checkpoint
from tiankong.training.history import Row
from tiankong.training.label_layer import fit_label_layer, temper, text_features
from tiankong.training.labelled_batches import LabelledBatch, LabelledBatches
from tiankong.training.module import VALIDATION_SETS, TrainedModule
from tiankong.training.run import Display, Monitored, check_memory, ready_machine, tensorboard_logger, train
from tiankong.training.run_folder import START_FILE, Work, started_run
from tiankong.training.scores import LabelScores

MOST_LABELS = 1000
"""Labels that are told apart at most."""

FEWEST_LEARNT = 2
"""Texts of every label in the training split at least."""

_MONITORED = Monitored("validation_log_loss", "min")


@dataclass(frozen=True)
class Base:
    """A network that fills blanks, to start from: its shape, weights and words, and how it cuts texts."""

    name: str
    sha256: str  # of its manifest
    model: ModelConfig
    weights: dict[str, NDArray[Any]]
    vocabulary: Vocabulary
    characters: CharacterTable
    bits: int
    prepare: PrepareConfig
    user_words: list[str]


@dataclass(frozen=True)
class TrainedClassifier:
    """The best network of a run, what each epoch measured, and by how much its logits were multiplied at the end.

    ``best_epoch`` is 0 if the network is best with nothing but its label layer trained.
    """

    network: ClassifierNetwork
    rows: list[Row]
    best_epoch: int
    scale: float


def fit_classifier(
    corpus: PreparedCorpus,
    model: ModelConfig,
    training: TrainingConfig,
    classifier: ClassifierConfig,
    work: Work,
    display: Display,
    base: Base | None = None,
) -> TrainedClassifier:
    """Trains on the labels of ``corpus`` and returns the weights of the best epoch.

    From a ``base``, of whose shape ``model`` is then, the label layer is fitted first, on its own; that is epoch 0.

    :raises OptionError: the configurations, too few texts of a label among those chosen, or the run to resume is
        another one.
    :raises FolderError: the corpus has no labels, too many, or too few texts of one; it is cut in another way than the
        base's texts were; as :func:`~tiankong.training.run_folder.started_run`; a torn checkpoint.
    :raises TrainingInterrupted: after Ctrl-C or SIGTERM; calling again with ``resume`` goes on.
    """
    validate(model, training, classifier)
    ready_machine(training)
    check_labels(corpus)
    if base is not None:
        _check_cut_alike(corpus, base)
    tensorboard_logger(display.tensorboard)
    batches, *measured = _loaders(corpus, base, training, classifier)
    network = _network(corpus, model, training, classifier, base)
    weights = _label_weights(corpus, training, classifier)
    module = LabelModule(
        network, training, weights, classifier.base_rate if base else 1.0, steps=len(batches) * training.epochs
    )
    what = {
        "corpus": corpus.fingerprint,
        "base": base.sha256 if base else None,
        "model": dataclasses.asdict(model),
        "classifier": dataclasses.asdict(classifier),
    }
    with started_run(what, training, work) as precision:
        rows = [_started(module, batches, measured, work, display)] if base else []
        start = {name: value.clone() for name, value in network.state_dict().items()}
        rows += train(
            module,
            batches,
            measured,
            training,
            tokens=batches.tokens,
            precision=precision,
            monitored=_MONITORED,
            work=work,
            display=display,
        )
    best = _MONITORED.best(rows)
    network = network.cpu().eval()
    if rows[best]["epoch"] == 0:
        network.load_state_dict(start)
    scale = temper(network, text_features(network, measured[0].in_order()))
    return TrainedClassifier(network, rows, int(rows[best]["epoch"]), scale)


class LabelModule(TrainedModule):
    """Trains a :class:`ClassifierNetwork`."""

    def __init__(
        self,
        network: ClassifierNetwork,
        training: TrainingConfig,
        label_weights: Tensor | None,
        base_rate: float,
        steps: int,
    ) -> None:
        """``base_rate`` is the share of the learning rate for everything below the label layer."""
        super().__init__(training, steps)
        self.network = network
        self.label_weights, self.base_rate = label_weights, base_rate
        self.labels = {name: LabelScores() for name in VALIDATION_SETS}
        self.scores.update(self.labels)

    def parts(self) -> list[tuple[list[torch.nn.Parameter], float]]:
        """The label layer, and what is below it."""
        own = set(self.network.label_layer.parameters())
        below = [parameter for parameter in self.network.parameters() if parameter not in own]
        return [(list(self.network.label_layer.parameters()), 1.0), (below, self.base_rate)]

    def logits(self, batch: LabelledBatch) -> Tensor:
        """Of the batch's texts (B, L)."""
        return of_texts(self.network(*batch.inputs), batch.owners, batch.weights, len(batch.labels))

    def loss(self, batch: LabelledBatch) -> Tensor:
        """The mean over the batch's texts."""
        weights = None if self.label_weights is None else self.label_weights.to(self.device)
        return functional.cross_entropy(self.logits(batch).float(), batch.labels, weights)

    def validation_step(self, batch: LabelledBatch, batch_idx: int, dataloader_idx: int = 0) -> None:  # noqa: ARG002
        """Adds to the scores of the set."""
        self.labels[VALIDATION_SETS[dataloader_idx]].add(self.logits(batch), batch.labels)


def check_labels(corpus: PreparedCorpus) -> None:
    """Whether a classifier can be trained and measured on the labels of ``corpus``.

    :raises FolderError: it can't.
    """
    labels, folder = corpus.manifest.labels, corpus.folder
    corpus.labels("train")
    if len(labels) < 2:
        raise FolderError(f"all texts of {folder} have the label {labels[0].name!r}: two are needed to tell apart")
    if len(labels) > MOST_LABELS:
        raise FolderError(
            f"{folder} has {len(labels):,} different labels, and at most {MOST_LABELS:,} are told apart: prepare it "
            "with the right --label-column"
        )
    for label in labels:
        if label.train < FEWEST_LEARNT or not label.validation or not label.test:
            texts = label.train + label.validation + label.test
            raise FolderError(
                f"too few texts of {folder} have the label {label.name!r}: {texts:,} ({label.train:,} to learn from, "
                f"{label.validation:,} to validate, {label.test:,} to test; at least {FEWEST_LEARNT}, 1 and 1 are "
                "needed): bring more of them, or leave them out"
            )


def _check_cut_alike(corpus: PreparedCorpus, base: Base) -> None:
    """Words must be the same words; and a text that the base was trained on must be no test text here."""
    if not base.prepare.keep_unknown:
        raise FolderError(
            f"{base.name} leaves out words that it doesn't know, so it can't read other texts: start from a model that "
            "reads them by their characters (prepared with --keep-unknown)"
        )
    own = corpus.manifest.config
    for name in (*CUTTING, "keep_unknown", "seed", "split"):
        wanted, found = getattr(base.prepare, name), getattr(own, name)
        if found != wanted:
            raise FolderError(
                f"{corpus.folder} was prepared with {name} {found!r} and {base.name} with {wanted!r}: prepare it again "
                "in the same way"
            )
    if corpus.user_words != base.user_words:
        raise FolderError(
            f"{corpus.folder} and {base.name} were prepared with different user dictionaries: prepare the texts again "
            "with the same --user-dict"
        )


def _network(
    corpus: PreparedCorpus,
    model: ModelConfig,
    training: TrainingConfig,
    classifier: ClassifierConfig,
    base: Base | None,
) -> ClassifierNetwork:
    """With the base's weights, if there is one, below a label layer that knows nothing."""
    own = (len(corpus.vocabulary), len(corpus.characters), 0)
    sizes = (len(base.vocabulary), len(base.characters), base.bits) if base else own
    labels = len(corpus.manifest.labels)
    with torch.device("meta"):
        check_memory(sum(p.numel() for p in ClassifierNetwork(model, sizes, labels, training, classifier).parameters()))
    torch.manual_seed(training.seed)
    network = ClassifierNetwork(model, sizes, labels, training, classifier)
    if base is not None:
        below = {name for name in network.state_dict() if not name.startswith("label_layer.")}
        taken = {name: torch.from_numpy(value) for name, value in base.weights.items() if name in below}
        missing = network.load_state_dict(taken, strict=False).missing_keys
        if below & set(missing):
            raise FolderError(f"the weights of {base.name} are torn: train it again")
    return network


def _started(
    module: LabelModule, batches: LabelledBatches, measured: Sequence[LabelledBatches], work: Work, display: Display
) -> Row:
    """Fits the label layer alone, once a run, and returns what it measures, as epoch 0."""
    file = work.folder / START_FILE
    if work.resume and file.exists():
        saved = read_checkpoint(file)
        module.load_state_dict(saved["state_dict"])
        row: Row = saved["row"]
        return row
    started, processor = time.monotonic(), time.process_time()
    network = module.network
    features = [text_features(network, loader.in_order()) for loader in (batches, *measured)]
    fit_label_layer(network, features[0], features[1], module.label_weights)
    row = {"epoch": 0, "step": 0, "learning_rate": 0.0}
    for name, (inputs, labels) in zip(VALIDATION_SETS, features[1:], strict=True):
        scores = LabelScores()
        with torch.no_grad():
            scores.add(network.label_logits(inputs), labels)
        row |= {f"{name}_{key}": value for key, value in scores.result().items()}
    row |= {"train_loss": row["train_log_loss"], "seconds": time.monotonic() - started}
    row |= {"processor_seconds": time.process_time() - processor, "tokens_per_second": batches.tokens / row["seconds"]}
    SafetensorsCheckpoints().save_checkpoint({"state_dict": module.state_dict(), "row": row}, file)
    display.on_epoch(row)
    return row


def _loaders(
    corpus: PreparedCorpus, base: Base | None, training: TrainingConfig, classifier: ClassifierConfig
) -> tuple[LabelledBatches, LabelledBatches, LabelledBatches]:
    """Training batches, and the validation and training texts measured after each epoch."""
    lexicon = corpus.lexicon
    if base is not None:
        words = [*corpus.vocabulary.words[len(SPECIAL_TOKENS) :], *corpus.other_words]
        lexicon = Lexicon.translated(words, base.vocabulary, base.characters)
    learnt, validation = chosen_texts(corpus, training, classifier)
    _check_chosen(corpus, learnt)
    measured = dataclasses.replace(training, batch_sentences=0)
    sample = np.random.default_rng(training.seed).permutation(learnt)[: training.validation_sentences or len(learnt)]

    def loader(name: str, texts: Ints, settings: TrainingConfig) -> LabelledBatches:
        labels = corpus.labels(name).astype(np.int64)
        return LabelledBatches(corpus.split(name), labels, texts, lexicon, settings)

    return (
        loader("train", learnt, training),
        loader("validation", validation, measured),
        loader("train", np.sort(sample), measured),
    )


def chosen_texts(corpus: PreparedCorpus, training: TrainingConfig, classifier: ClassifierConfig) -> tuple[Ints, Ints]:
    """The numbers of the training texts that are learned from, and of the validation texts that are measured."""
    generator = np.random.default_rng(training.seed)

    def chosen(split: str, wanted: int) -> Ints:
        texts = generator.permutation(len(corpus.split(split)))
        return np.sort(texts[: wanted or len(texts)])

    return chosen("train", classifier.training_texts), chosen("validation", training.validation_sentences)


def _check_chosen(corpus: PreparedCorpus, learnt: Ints) -> None:
    labels = corpus.manifest.labels
    counts = np.bincount(corpus.labels("train")[learnt], minlength=len(labels))
    if counts.min() < FEWEST_LEARNT:
        raise OptionError(
            f"of the {len(learnt):,} training texts that --training-texts and the seed choose, {counts.min()} have the "
            f"label {labels[int(counts.argmin())].name!r}, and {FEWEST_LEARNT} are needed: choose more"
        )


def _label_weights(corpus: PreparedCorpus, training: TrainingConfig, classifier: ClassifierConfig) -> Tensor | None:
    """What a text of each label counts (L,), on average over the texts that are learned from once."""
    if classifier.label_weights == "none":
        return None
    learnt, _ = chosen_texts(corpus, training, classifier)
    labels = np.bincount(corpus.labels("train")[learnt], minlength=len(corpus.manifest.labels))
    counts = torch.from_numpy(labels).float()
    return counts.sum() / (len(counts) * counts)
