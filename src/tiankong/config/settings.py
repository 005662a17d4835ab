"""The settings of each stage as dataclasses. Every field has its section, its help, and where it applies.

The command line's options and their groups, and the refusal of settings that would do nothing, are made from this.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from tiankong.config.schema import Condition, Where, at_least, choice_problems, setting, within
from tiankong.registry.general_models import GENERAL_MODELS as _GENERAL_MODELS
from tiankong.registry.heads import AUTO as _AUTO
from tiankong.registry.heads import HEADS as _HEADS
from tiankong.registry.heads import HeadSpec, head_of
from tiankong.registry.segmenters import SEGMENTERS as _SEGMENTERS
from tiankong.registry.segmenters import segmenters_with_user_words
from tiankong.registry.tasks import LABELS, WORDS

SEGMENTERS = tuple(_SEGMENTERS)
SPACED = tuple(name for name, spec in _SEGMENTERS.items() if spec.is_spaced)
"""Segmenters for languages that write spaces between words."""

CUTTING = ("segmenter", "normalisation", "drop_ascii", "drop_words")
"""Settings of :class:`PrepareConfig` that decide which words a text is made of."""

NORMALISATIONS = ("standard", "plain-quotes", "none")
CELLS = ("lstm", "gru")
HEADS = (*_HEADS, _AUTO)
ACTIVATIONS = ("gelu", "relu")
DECODINGS = ("likelihood", "distance")
SCHEDULES = ("cosine", "constant")

WORD2VEC = "word2vec"
INITIAL_VECTORS = ("random", WORD2VEC)
OPTIMISERS = ("adamw", "adam")
PRECISIONS = ("auto", "bf16", "fp32")
DEVICES = ("auto", "cpu", "gpu")
LOSS_TOKENS = ("targets", "all")
CODE_LOSSES = ("bits", "words", "both")
LABEL_WEIGHTS = ("none", "balanced")

DEFAULT_MODEL = next(iter(_GENERAL_MODELS))
"""The built-in model that fills a blank when no model is named and the text's language decides for no other."""

DEFAULT_CLASSIFIER = "reviews-zh-sentiment"
"""The built-in model that labels a text when no model and no prompt is named."""

MOST_LAYERS, MOST_UNITS, MOST_ROWS = 32, 32_768, 1 << 24
"""The largest network that is tried: recurrent layers, and units of any layer."""

STEADY_WORDS = 50
"""The most frequent words, which keep their codes where others' are learned: they are targets in every batch, and the
network can't follow codes that change with every step.
"""

MOST_THREADS = 1024
"""The most threads: each takes memory, and a machine that runs out of it kills the process."""

CODE_BITS = (50, 4096)
"""The fewest and the most bits of a word's code."""

MOST_HOURS = 100_000
"""The longest training: eleven years."""

MOST_SEED = 2**32 - 1
"""The largest seed that every generator behind the product takes."""


@dataclass(frozen=True, kw_only=True)
class PrepareConfig:
    """How text becomes a prepared corpus."""

    segmenter: str = setting(
        "Words",
        "rjieba",
        "what cuts text into words: " + "; ".join(f"{name}: {spec.help}" for name, spec in _SEGMENTERS.items()),
        SEGMENTERS,
    )
    user_dict: str = setting("Words", "", "a file of words to keep whole, in jieba's format: word [frequency [tag]]")
    normalisation: str = setting(
        "Words",
        "standard",
        "standard: HTML entities, NFKC and lower case; plain-quotes: the same, and curly quotes as straight ones; "
        "none: as typed",
        NORMALISATIONS,
    )
    minimum_count: int = setting(
        "Vocabulary", 3, "words seen less often in the training split are left out of the vocabulary"
    )
    maximum_vocabulary: int = setting("Vocabulary", 0, "keep only this many words, the most frequent (0: all)")
    keep_words: str = setting(
        "Vocabulary",
        "",
        "a file of words, one a line, that the vocabulary takes besides, however rare, if the training split has them",
    )
    drop_ascii: bool = setting("Words", False, "drop tokens made of ASCII characters only")
    drop_words: tuple[str, ...] = setting("Words", (), "drop these tokens")
    unique: bool = setting(
        "Splits", False, "leave out texts that repeat an earlier one, ignoring punctuation and spaces"
    )
    keep_unknown: bool = setting(
        "Vocabulary", True, "keep words outside the vocabulary as context; they are read by their characters"
    )
    split: tuple[float, float, float] | None = setting(
        "Splits",
        None,
        "shares of training/validation/test, such as 80/10/10; without them 60/20/20, and from 200,000 texts on 20,000 "
        "texts each for validation and test",
    )
    code_bits: int = setting(
        "Vocabulary", 0, "make word codes of this many bits now (0: training makes them if its head needs them)"
    )
    seed: int = setting("Splits", 1, "seed of the split and of the word vectors behind the codes")

    def problems(self) -> list[str]:
        """Every reason why this can't be used, a sentence each."""
        problems = choice_problems(self)
        if self.user_dict and self.segmenter in _SEGMENTERS and not _SEGMENTERS[self.segmenter].takes_user_words:
            takers = " or ".join(segmenters_with_user_words())
            problems.append(f"`user_dict` needs `segmenter` {takers}, not {self.segmenter}")
        if self.minimum_count < 1:
            problems.append(f"`minimum_count` must be at least 1, not {self.minimum_count}")
        if self.maximum_vocabulary < 0:
            problems.append(f"`maximum_vocabulary` must be 0 (all) or more, not {self.maximum_vocabulary}")
        if self.split is not None and not all(0 < share < math.inf for share in self.split):
            problems.append("`split` needs three shares above 0, such as 60/20/20")
        problems += _code_bits_problems(self.code_bits)
        problems += within(self, "seed", 0, MOST_SEED)
        return problems


class Difference(NamedTuple):
    """A setting that two preparations do not share, and its values."""

    setting: str
    one: object
    other: object


def first_difference(one: PrepareConfig, other: PrepareConfig, settings: Iterable[str]) -> Difference | None:
    """The first of ``settings`` in which two preparations differ; ``None`` if they agree in all."""
    pairs = (Difference(name, getattr(one, name), getattr(other, name)) for name in settings)
    return next((pair for pair in pairs if pair.one != pair.other), None)


def _code_bits_problems(bits: int) -> list[str]:
    fewest, most = CODE_BITS
    if bits != 0 and not fewest <= bits <= most:
        return [f"`code_bits` must be 0 or {fewest} to {most}, not {bits}"]
    return []


_CHARACTERS = Condition("character_size", "a `character_size` above 0", lambda size: size > 0)
_NGRAMS = Condition("ngram_rows", "`ngram_rows` above 0", lambda rows: rows > 0)
_ATTENTION = Condition("attention_size", "an `attention_size` above 0", lambda size: size > 0)
_NEGATIVES = Condition("negatives", "`negatives` above 0", lambda words: words > 0)
_WORD_LOSS = Condition("code_loss", "`code_loss` words or both", lambda loss: loss != "bits")
_ADAMW = Condition("optimiser", '`optimiser="adamw"`', lambda name: name == "adamw")

_SHAPE, _CLOZE_SHAPE = Where(is_shape=True), Where(WORDS, is_shape=True)


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The network's shape. That of a network has a real head, in place of ``auto``: see
    :mod:`tiankong.config.automatic_head`.
    """

    head: str = setting(
        "Output",
        "softmax",
        "output head: "
        + "; ".join(f"{name}: {head.help}" for name, head in _HEADS.items())
        + f"; {_AUTO}: the one that suits the size of the vocabulary",
        HEADS,
        where=_CLOZE_SHAPE,
    )
    frequent_words: int = setting(
        "Output", 2000, "hybrid head: number of most frequent words without a code", where=_CLOZE_SHAPE
    )
    code_bits: int = setting(
        "Output",
        0,
        "codes and hybrid heads: bits of a word's code (0: as many as the corpus was prepared with, or 100); 256 bits "
        "fill blanks better than 100",
        where=_CLOZE_SHAPE,
    )
    word_vectors: int = setting(
        "Network",
        0,
        "number of most frequent words with an input vector; the others are read by their characters (0: all)",
        where=_CLOZE_SHAPE,
    )
    cell: str = setting("Network", "lstm", "recurrent cell", CELLS, where=_SHAPE)
    layers: int = setting("Network", 1, "recurrent layers in each direction", where=_SHAPE)
    embedding_size: int = setting("Network", 256, "length of a word's input vector", where=_SHAPE)
    character_size: int = setting(
        "Network", 64, "length of a character's vector (0: words are not read by characters)", where=_SHAPE
    )
    hidden_size: int = setting("Network", 384, "units of a recurrent layer in each direction", where=_SHAPE)
    neighbours: bool = setting(
        "Network", True, "let the MLP also read the input vectors of the two words beside the blank", where=_SHAPE
    )
    ngram_rows: int = setting(
        "Network",
        0,
        "rows of a hashed table of vectors for the word n-grams beside the blank, which the MLP also reads (0: none)",
        where=_SHAPE,
    )
    ngram_size: int = setting("Network", 48, "length of such a vector", where=Where(needs=(_NGRAMS,), is_shape=True))
    attention_size: int = setting(
        "Network",
        256,
        "size of the attention over the context (0: no attention)",
        where=_SHAPE,
    )
    attention_heads: int = setting(
        "Network",
        4,
        "attention heads",
        where=Where(needs=(_ATTENTION,), is_shape=True),
    )
    output_characters: bool = setting(
        "Output",
        True,
        "softmax head: compose output vectors from characters as well, like input vectors",
        where=Where(WORDS, (_CHARACTERS,), is_shape=True),
    )
    mlp_sizes: tuple[int, ...] = setting(
        "Network", (1024,), "sizes of the MLP's hidden layers, between encoder and head", where=_SHAPE
    )
    activation: str = setting("Network", "gelu", "activation between the layers of the MLP", ACTIVATIONS, where=_SHAPE)
    decoding: str = setting("Output", "likelihood", "codes head: how words are ranked", DECODINGS, where=_CLOZE_SHAPE)
    input_dropout: float = setting(
        "Regularisation", 0.3, "dropout of the input vectors, with one mask for a whole text"
    )
    output_dropout: float = setting(
        "Regularisation", 0.45, "dropout of the recurrent states, with one mask for a whole text"
    )
    mlp_dropout: float = setting("Regularisation", 0.15, "dropout of the MLP's hidden layers")

    def problems(self) -> list[str]:
        """Every reason why this can't be used, a sentence each."""
        problems = choice_problems(self)
        problems += within(self, "layers", 1, MOST_LAYERS)
        problems += _code_bits_problems(self.code_bits)
        problems += within(self, "embedding_size", 1, MOST_UNITS) + within(self, "hidden_size", 1, MOST_UNITS)
        problems += within(self, "character_size", 0, MOST_UNITS) + within(self, "attention_size", 0, MOST_UNITS)
        problems += within(self, "ngram_rows", 0, MOST_ROWS) + within(self, "ngram_size", 1, MOST_UNITS)
        problems += at_least(self, "attention_heads", 1)
        if self.attention_heads >= 1 and self.attention_size % (2 * self.attention_heads):
            problems.append(
                f"`attention_size` ({self.attention_size}) must be a multiple of twice `attention_heads` "
                f"({self.attention_heads})"
            )
        problems += [
            f"`mlp_sizes` must all be from 1 to {MOST_UNITS}, not {size}"
            for size in self.mlp_sizes
            if not 1 <= size <= MOST_UNITS
        ]
        for name in ("input_dropout", "output_dropout", "mlp_dropout"):
            problems += within(self, name, 0.0, 0.95)
        head = _HEADS.get(self.head)
        if head is not None and self.decoding in DECODINGS and self.decoding not in head.decodings:
            able = " or ".join(name for name, other in _HEADS.items() if self.decoding in other.decodings)
            problems.append(
                f"`decoding` {self.decoding} needs `head` {able}, not {self.head}: give `decoding` likelihood"
            )
        problems += at_least(self, "frequent_words", 1) + at_least(self, "word_vectors", 0)
        problems += self._word_vector_problems(head) if self.word_vectors and head is not None else []
        return problems

    @property
    def head_spec(self) -> HeadSpec:
        """The head's row in the registry.

        :raises OptionError: there is no such head, or it is yet to be chosen.
        """
        return head_of(self.head)

    @property
    def composes_output(self) -> bool:
        """Whether output vectors have a part made of characters."""
        return self.output_characters and self.head_spec.has("output_characters") and self.character_size > 0

    def _word_vector_problems(self, head: HeadSpec) -> list[str]:
        problems = []
        if head.ties_words:
            able = " or ".join(name for name, other in _HEADS.items() if not other.ties_words)
            problems.append(f"`word_vectors` needs `head` {able}: {head.name} has a vector for every word")
        if head.has("frequent_words") and self.word_vectors < self.frequent_words:
            problems.append(
                f"`word_vectors` ({self.word_vectors}) must be 0 or at least `frequent_words` ({self.frequent_words})"
            )
        if not self.character_size:
            problems.append("`word_vectors` needs `character_size` above 0: other words are read by their characters")
        return problems


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How the network is trained."""

    epochs: int = setting(
        "Length and checkpoints",
        9,
        "maximum number of passes over the training split (0: only `max_steps` and `max_hours` count)",
    )
    max_steps: int = setting("Length and checkpoints", 0, "maximum number of steps (0: no limit)")
    max_hours: float = setting(
        "Length and checkpoints", 0.0, "maximum wall-clock hours of training and its evaluations (0: no limit)"
    )
    batch_tokens: int = setting("Batches", 2048, "maximum number of tokens in a batch, padding included")
    batch_sentences: int = setting("Batches", 0, "maximum number of texts in a batch (0: only `batch_tokens` counts)")
    window: int = setting("Batches", 192, "train longer texts in pieces of this many tokens", where=Where(WORDS))
    loss_tokens: str = setting("Loss", "targets", "predict words only, or every token", LOSS_TOKENS, where=Where(WORDS))
    code_loss: str = setting(
        "Loss",
        "both",
        "codes head: learn each bit on its own, the right word among all words, or both; after words alone, decoding "
        "by distance means little",
        CODE_LOSSES,
        where=Where(WORDS),
    )
    learn_codes: bool = setting(
        "Loss",
        True,
        "codes and hybrid head: learn the codes, too, except those of words without an input vector and of the "
        f"{STEADY_WORDS} most frequent",
        where=Where(WORDS),
    )
    drop_word: float = setting(
        "Regularisation",
        0.15,
        "share of context words read by their characters alone",
        where=Where(needs=(_CHARACTERS,)),
    )
    drop_token: float = setting("Regularisation", 0.05, "share of context words replaced by <BLANK>")
    drop_final: float = setting(
        "Regularisation", 0.0, "share of texts read without the punctuation marks at their end", where=Where(WORDS)
    )
    negatives: int = setting(
        "Loss",
        2048,
        "words sampled against the targets of a batch (0: exact softmax)",
        where=Where(WORDS, (_WORD_LOSS,)),
    )
    negative_power: float = setting(
        "Loss", 0.75, "draw negatives in proportion to their count to this power", where=Where(WORDS, (_NEGATIVES,))
    )
    optimiser: str = setting("Optimiser", "adamw", "optimiser", OPTIMISERS)
    learning_rate: float = setting("Optimiser", 4e-3, "peak learning rate")
    weight_decay: float = setting(
        "Regularisation", 0.1, "AdamW's weight decay, applied to matrices only", where=Where(needs=(_ADAMW,))
    )
    layer_rate: float = setting(
        "Adapting",
        0.5,
        "learning rate of the encoder as a share of that of the layers above it, and of the vectors as a share of the "
        "encoder's",
        where=Where(WORDS, needs_base=True),
    )
    base_decay: float = setting(
        "Adapting",
        200.0,
        "pull of the weights towards those of `base` over an epoch, in place of `weight_decay`, as a multiple of the "
        "learning rate; 0 to 1,000 is usual, and more keeps more of what the base knows",
        where=Where(WORDS, needs_base=True),
    )
    initial_vectors: str = setting(
        "Optimiser",
        "random",
        "word vectors to start from: random, or word2vec's, trained on the training texts first, which pays where each "
        "text is read once or twice",
        INITIAL_VECTORS,
        where=Where(WORDS, is_shape=True),
    )
    warmup_steps: int = setting("Optimiser", 400, "steps until the learning rate reaches its peak")
    schedule: str = setting("Optimiser", "cosine", "learning rate after the warm-up", SCHEDULES)
    clip_norm: float = setting("Optimiser", 1.0, "scale gradients down to this norm (0: never)")
    patience: int = setting(
        "Length and checkpoints", 3, "stop after this many evaluations without a better validation score"
    )
    evaluate_every: int = setting(
        "Length and checkpoints",
        10_000,
        "steps between evaluations within an epoch (0: evaluate only after each epoch)",
    )
    validation_sentences: int = setting(
        "Length and checkpoints", 1000, "validation texts measured at each evaluation (0: all)"
    )
    checkpoint_steps: int = setting(
        "Length and checkpoints", 250, "steps between the checkpoints that a training resumes from"
    )
    precision: str = setting(
        "Machine", "auto", "arithmetic of the encoder; auto: bf16 if it turns out faster on this machine", PRECISIONS
    )
    device: str = setting("Machine", "auto", "device to train on", DEVICES)
    threads: int = setting("Machine", 0, "threads to compute with (0: one per processor that this process may use)")
    seed: int = setting("Machine", 1, "seed of initial weights, batch order, dropout and sampling")

    def problems(self) -> list[str]:
        """Every reason why this can't be used, a sentence each."""
        problems = choice_problems(self)
        if self.epochs == 0 and not self.max_steps and not self.max_hours:
            problems.append("`epochs` must be at least 1, not 0, unless you set `max_steps` or `max_hours`")
        problems += at_least(self, "epochs", 0)
        for name in ("batch_tokens", "window", "patience", "checkpoint_steps"):
            problems += at_least(self, name, 1)
        for name in ("batch_sentences", "negatives", "warmup_steps", "validation_sentences"):
            problems += at_least(self, name, 0)
        problems += at_least(self, "max_steps", 0) + within(self, "max_hours", 0.0, MOST_HOURS)
        if self.evaluate_every < 0 or self.evaluate_every == 1:  # between two evaluations is room for a checkpoint
            problems.append(
                f"`evaluate_every` must be 0 (only after each epoch) or at least 2, not {self.evaluate_every}"
            )
        problems += within(self, "threads", 0, MOST_THREADS) + within(self, "seed", 0, MOST_SEED)
        problems += within(self, "weight_decay", 0.0, 100.0) + within(self, "clip_norm", 0.0, 1e6)
        problems += within(self, "negative_power", 0.0, 2.0)
        problems += within(self, "layer_rate", 0.0, 1.0) + within(self, "base_decay", 0.0, 1e6)
        problems += within(self, "drop_word", 0.0, 0.9) + within(self, "drop_token", 0.0, 0.9)
        problems += within(self, "drop_final", 0.0, 1.0)
        if not 0 < self.learning_rate <= 1:
            problems.append(f"`learning_rate` must be above 0 and at most 1, not {self.learning_rate}")
        if self.batch_tokens < self.window + 1:
            problems.append(f"`batch_tokens` ({self.batch_tokens}) must be larger than `window` ({self.window})")
        return problems


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig:
    """Additional settings of classifiers."""

    label_weights: str = setting(
        "Classifier",
        "none",
        "none: every text has the same weight; balanced: every label has the same weight",
        LABEL_WEIGHTS,
        where=Where(LABELS),
    )
    label_dropout: float = setting("Classifier", 0.3, "dropout before the label layer", where=Where(LABELS))
    base_rate: float = setting(
        "Classifier",
        0.2,
        "learning rate of the weights taken from `base`, as a share of the label layer's",
        where=Where(LABELS, needs_base=True),
    )
    training_texts: int = setting(
        "Classifier",
        0,
        "learn from this many texts of the training split, chosen by the seed (0: all)",
        where=Where(LABELS),
    )

    def problems(self) -> list[str]:
        """Every reason why this can't be used, a sentence each."""
        problems = choice_problems(self)
        problems += within(self, "label_dropout", 0.0, 0.95) + within(self, "base_rate", 0.0, 1.0)
        return problems + at_least(self, "training_texts", 0)
