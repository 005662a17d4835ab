"""Training a network that fills blanks."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from tiankong.artifact.base_model import BaseModel
from tiankong.artifact.model_folder import CHARACTERS_FILE, TYPED_FORMS_FILE, VOCABULARY_FILE
from tiankong.config import WORD2VEC, ModelConfig, TrainingConfig, validate
from tiankong.corpus.blocks import Texts
from tiankong.corpus.mix import CorpusMix
from tiankong.corpus.mixed_vectors import mixed_vectors
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.translated import TranslatedCorpus
from tiankong.corpus.word_codes import usual_bits, word_codes
from tiankong.errors import FolderError, OptionError
from tiankong.network.cloze import ClozeNetwork, parameter_count
from tiankong.network.word_tables import WordTables
from tiankong.objective.base import Row
from tiankong.text.network_input import Lexicon
from tiankong.text.pieces import sentence_ends
from tiankong.text.vocabulary import SPECIAL_TOKENS, table_text
from tiankong.training.batches import Batches
from tiankong.training.checkpoints import SafetensorsCheckpoints, read_checkpoint
from tiankong.training.cloze.adapting import take_over
from tiankong.training.cloze.batches import Batch, Windows, predicted_words
from tiankong.training.cloze.calibration import calibrate
from tiankong.training.cloze.final_marks import without_final_marks
from tiankong.training.cloze.module import ClozeModule
from tiankong.training.corpus_batches import MeasuredBatches, training_batches
from tiankong.training.limits import steps_of
from tiankong.training.module import VALIDATION_SETS, MeasuredPart
from tiankong.training.run_folder import START_FILE, Work, started_run
from tiankong.training.sampling import choice
from tiankong.training.stream import Capacity
from tiankong.training.task import Trained, TrainingRequest
from tiankong.training.trainer import Monitored, Observer, check_memory, ready_machine, tensorboard_logger, train


def fit(request: TrainingRequest) -> Trained:
    """See :func:`tiankong.training.task.fit`."""
    mix, corpus, model, training = request.mix, request.corpus, request.model, request.training
    validate(model, training)
    ready_machine(training)
    # What can be refused is refused before the run's folder is there.
    tables = word_tables(mix.largest, model, request.observer.on_codes)
    tensorboard_logger(request.observer.tensorboard)
    check_memory(parameter_count(model, training, tables))
    batches, measured = training_data(mix, training)
    base = request.base
    what = {
        "task": request.task.name,
        "corpus": mix.fingerprint,
        "base": None if base is None else base.sha256,
        "model": dataclasses.asdict(model),
    }
    with started_run(what, request.names, training, request.work) as precision:
        steps = steps_of(training, len(batches))
        parts = [MeasuredPart(part.name if mix.is_several else "", part.share) for part in mix.parts]
        module = ClozeModule(model, training, tables, steps, parts)
        rows: list[Row] = []
        if base is not None:
            take_over(module.network, base, corpus)
            module.go_on_from_here(torch.from_numpy(_present(mix)), len(batches))
            rows = [_started(module, measured, mix.tokens, request.work, request.observer)]
        elif training.initial_vectors == WORD2VEC and not (request.work.resume and request.work.has_checkpoint):
            request.observer.on_vectors()
            vectors = mixed_vectors(mix, model.embedding_size, training.seed)
            module.network.embedding.start_from(torch.from_numpy(vectors))
        score, mode = module.network.head.monitored
        monitored = Monitored(f"validation_{score}", mode)
        course = train(
            module,
            batches,
            measured,
            training,
            tokens=mix.tokens,
            precision=precision,
            monitored=monitored,
            work=request.work,
            observer=request.observer,
        )
    rows += course.rows
    network = module.network.cpu().eval()
    if rows[monitored.best(rows)]["epoch"] == 0:
        module.return_to_start()
    network.head.settle()
    calibration = calibrate(network, measured[:: len(VALIDATION_SETS)], [part.share for part in mix.parts])
    return Trained(
        network,
        rows,
        rows[monitored.best(rows)]["epoch"],
        corpus.path,
        len(corpus.vocabulary),
        mix.lexicon,
        fields={"unknown_bias": _unknown_bias(network, corpus) if model.composes_output else None},
        metrics={
            **course.metrics,
            "calibration": dataclasses.asdict(calibration),
            **network.head.metrics(tables),
        },
        arrays=network.head.stored(),
        tables={} if base is None else _word_files(corpus) | {TYPED_FORMS_FILE: _typed_forms(base, mix)},
    )


def _started(
    module: ClozeModule, measured: Sequence[MeasuredBatches[Batch]], tokens: int, work: Work, observer: Observer
) -> Row:
    """Measures what training goes on from, once a run, and returns it as epoch 0."""
    file = work.folder / START_FILE
    if work.resume and file.exists():
        saved: Row = read_checkpoint(file)["row"]
        return saved
    started, processor = time.monotonic(), time.process_time()
    module.network.eval()
    with torch.no_grad(), module.network.unchanged():
        for number, batches in enumerate(measured):
            for batch in batches:
                module.validation_step(batch, 0, number)
    module.network.train()
    row: Row = {"epoch": 0, "step": 0, "learning_rate": 0.0, **module.measured()}
    row |= {"train_loss": math.log(row["train_perplexity"]), "seconds": time.monotonic() - started}
    row |= {"processor_seconds": time.process_time() - processor, "tokens_per_second": tokens / row["seconds"]}
    SafetensorsCheckpoints().save_checkpoint({"row": row}, file)
    observer.on_epoch(row)
    return row


def _present(mix: CorpusMix) -> NDArray[np.bool_]:
    """For each word, whether a corpus of the mix has it, or no text can: the special tokens."""
    present = np.arange(len(mix.first.vocabulary)) < len(SPECIAL_TOKENS)
    for part in mix.parts:
        if isinstance(part.corpus, TranslatedCorpus):
            present |= part.corpus.has_word
    return present


def _word_files(corpus: PreparedCorpus) -> dict[str, str]:
    """The files of the words of a model, by name."""
    special = len(SPECIAL_TOKENS)
    words = zip(corpus.vocabulary.words[special:], corpus.vocabulary.counts[special:].tolist(), strict=True)
    return {VOCABULARY_FILE: table_text(words), CHARACTERS_FILE: table_text(corpus.characters.counted())}


def _typed_forms(base: BaseModel, mix: CorpusMix) -> str:
    """How the words of a model that goes on from ``base`` are typed: as there, and those that it lacks as in the
    corpora.
    """
    forms = {form.lower(): form for part in mix.parts for form in part.corpus.typed_forms}
    if base.folder.typed_forms:
        forms = {word: form for word, form in forms.items() if word not in base.folder.vocabulary}
        forms |= {form.lower(): form for form in base.folder.typed_forms.forms}
    return "".join(f"{form}\n" for word, form in forms.items() if word in mix.first.vocabulary)


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
            f"`frequent_words` ({model.frequent_words}) must be below the {size} words of the vocabulary that can fill "
            'a blank, else none is left to be coded: give a smaller `frequent_words`, or use `head="softmax"`'
        )
    codes = None
    if model.head_spec.needs_codes:
        bits = model.code_bits or usual_bits(corpus)
        codes = word_codes(corpus, bits, lambda: on_codes(bits))
    words = corpus.vocabulary
    spelling = Lexicon.of(words, corpus.characters).character_ids.astype(np.int32)
    return WordTables(words.keys(), words.counts, words.targets(), codes, len(corpus.characters), spelling)


def training_data(mix: CorpusMix, training: TrainingConfig) -> tuple[Batches[Batch], list[MeasuredBatches[Batch]]]:
    """Training batches; and of each corpus the validation and the training texts that are measured.

    :raises FolderError: there is nothing to predict, or a corpus is damaged.
    """
    lexicon, predicted = mix.lexicon, predicted_words(mix.first.vocabulary, training)
    capacity = Capacity(longest=training.window)

    marks = sentence_ends(mix.first.vocabulary)

    def windows(texts: Texts) -> Windows:
        if training.drop_final:
            texts = without_final_marks(texts, marks, training.drop_final, training.seed)
        return Windows(texts, lexicon, predicted, training.window)

    # Measured batches are smaller: every one scores the whole vocabulary.
    settings = dataclasses.replace(training, loss_tokens="targets", batch_sentences=0)
    words = mix.first.vocabulary.targets()

    def measured_windows(texts: Texts) -> Windows:
        return Windows(texts, lexicon, words, training.window)

    measured = []
    for part in mix.parts:
        if not part.corpus.manifest.splits["train"].known_targets:
            raise _nothing_to_predict("train", part.corpus)
        generator = np.random.default_rng(training.seed)
        sizes = {name: part.corpus.manifest.splits[name].texts for name in VALIDATION_SETS}
        wanted = training.validation_sentences or sizes["validation"]
        for name in VALIDATION_SETS:
            chosen = choice(generator, sizes[name], wanted)
            measured.append(MeasuredBatches(part, name, measured_windows, settings, capacity, chosen))
            if not any(len(targets) for _, targets, _ in measured[-1]):
                raise _nothing_to_predict(name, part.corpus)
    return training_batches(mix.parts, windows, training, capacity), measured


def _nothing_to_predict(split: str, corpus: PreparedCorpus) -> FolderError:
    return FolderError(f"the {split} split of {corpus.path} has no known word to predict: prepare more text")


def _unknown_bias(network: ClozeNetwork, corpus: PreparedCorpus) -> float:
    """Of a word outside the vocabulary: as the rarest words within, but seen once."""
    counts, candidate = corpus.vocabulary.counts, corpus.vocabulary.targets()
    fewest = counts[candidate].min()
    bias = network.head.bias.detach().numpy()
    return float(bias[candidate & (counts == fewest)].mean() - np.log(fewest))
