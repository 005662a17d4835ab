"""Every setting of the product: four dataclasses, a sentence a field, and the presets that fill them.

A preset is a TOML file with the tables ``[prepare]``, ``[model]``, ``[training]`` and ``[classifier]``; the command
line has one option for every field. All problems of a configuration are reported together.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tiankong.errors import OptionError

SEGMENTERS = ("rjieba", "jieba", "whitespace", "unicode")
SPACED = ("whitespace", "unicode")
"""Segmenters for languages that write spaces between words."""

CUTTING = ("segmenter", "normalisation", "drop_ascii", "drop_words")
"""Settings of :class:`PrepareConfig` that decide which words a text is made of."""

NORMALISATIONS = ("standard", "none")
CELLS = ("lstm", "gru")
HEADS = ("softmax", "codes", "hybrid")
ACTIVATIONS = ("gelu", "relu")
DECODINGS = ("likelihood", "distance")
SCHEDULES = ("cosine", "constant")
OPTIMISERS = ("adamw", "adam")
PRECISIONS = ("auto", "bf16", "fp32")
DEVICES = ("auto", "cpu", "gpu")
LOSS_TOKENS = ("targets", "all")
CODE_LOSSES = ("bits", "words", "both")
LABEL_WEIGHTS = ("none", "balanced")
TASKS = ("cloze", "classify")

DEFAULT_MODEL = "reviews-zh"
"""The built-in model that fills a blank when no model is named."""

DEFAULT_CLASSIFIER = "reviews-zh-sentiment"
"""The built-in model that labels a text when no model and no prompt is named."""

MOST_LAYERS, MOST_UNITS = 32, 32_768
"""The largest network that is tried: recurrent layers, and units of any layer."""

STEADY_WORDS = 50
"""The most frequent words, which keep their codes where others' are learned: they are targets in every batch, and the
network can't follow codes that change with every step.
"""

MOST_SEED = 2**32 - 1
"""The largest seed that every generator behind the product takes."""


def _setting(default: Any, text: str, choices: tuple[str, ...] = ()) -> Any:
    metadata = {"help": text, "choices": choices}
    if isinstance(default, tuple):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class PrepareConfig:
    """How text becomes a prepared corpus."""

    segmenter: str = _setting("rjieba", "what cuts text into words", SEGMENTERS)
    user_dict: str = _setting("", "a file of words to keep whole, as jieba's: word [frequency [tag]] a line")
    normalisation: str = _setting(
        "standard", "standard: HTML entities, NFKC and lower case; none: as typed", NORMALISATIONS
    )
    minimum_count: int = _setting(3, "words seen less often in the training split are left out of the vocabulary")
    maximum_vocabulary: int = _setting(0, "keep at most so many words, the most frequent (0: all)")
    drop_ascii: bool = _setting(False, "drop tokens made of ASCII characters only")
    drop_words: tuple[str, ...] = _setting((), "drop these tokens")
    unique: bool = _setting(False, "leave out texts that repeat an earlier one, whatever marks and spaces differ")
    keep_unknown: bool = _setting(True, "keep words outside the vocabulary as context, read by their characters")
    split: tuple[float, float, float] = _setting((60, 20, 20), "shares of training/validation/test, as 60/20/20")
    code_bits: int = _setting(100, "bits of a word's output code (0: make no codes); 256 fill better than 100")
    seed: int = _setting(1, "fixes the split and the word vectors behind the codes")

    def problems(self) -> list[str]:
        """Every reason why this can't be used, a sentence each."""
        found = _choice_problems(self)
        if self.user_dict and self.segmenter in SPACED:
            found.append(f"user_dict needs segmenter rjieba or jieba, not {self.segmenter}")
        if self.minimum_count < 1:
            found.append(f"minimum_count must be at least 1, not {self.minimum_count}")
        if self.maximum_vocabulary < 0:
            found.append(f"maximum_vocabulary must be 0 (all) or more, not {self.maximum_vocabulary}")
        if not all(0 < share < math.inf for share in self.split):
            found.append("split needs three shares above 0, as 60/20/20")
        if self.code_bits != 0 and not 50 <= self.code_bits <= 4096:
            found.append(f"code_bits must be 0 (none) or 50 to 4096, not {self.code_bits}")
        found += _within(self, "seed", 0, MOST_SEED)
        return found


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The network's shape."""

    head: str = _setting(
        "softmax", "softmax over the vocabulary, binary word codes, or codes for rarer words only", HEADS
    )
    frequent_words: int = _setting(2000, "words of a hybrid head that are not coded, the most frequent")
    word_vectors: int = _setting(
        0, "words with an input vector of their own, the most frequent; others are read by characters (0: all)"
    )
    cell: str = _setting("lstm", "the recurrent cell", CELLS)
    layers: int = _setting(1, "recurrent layers in each direction")
    embedding_size: int = _setting(256, "length of a word's input vector")
    character_size: int = _setting(64, "length of a character's vector (0: words are not read by characters)")
    hidden_size: int = _setting(384, "units of a recurrent layer, each direction")
    neighbours: bool = _setting(True, "the MLP also reads the input vectors of the two words beside the blank")
    attention_size: int = _setting(
        256, "length of what a prediction gathers, by attention, from all words that it sees (0: no attention)"
    )
    attention_heads: int = _setting(4, "parts of it, each with an eye for something else")
    output_characters: bool = _setting(
        True, "a softmax head's output vectors are composed from characters too, as the input vectors are"
    )
    mlp_sizes: tuple[int, ...] = _setting((1024,), "hidden layers between the two directions and the head")
    activation: str = _setting("gelu", "between the layers of the MLP", ACTIVATIONS)
    decoding: str = _setting("likelihood", "how a codes model ranks words", DECODINGS)
    input_dropout: float = _setting(0.3, "share of input features dropped in training, shared over a sentence")
    output_dropout: float = _setting(0.45, "share of recurrent states dropped in training, shared over a sentence")
    mlp_dropout: float = _setting(0.15, "share of the MLP's units dropped in training")

    def problems(self) -> list[str]:
        """Every reason why this can't be used, a sentence each."""
        found = _choice_problems(self)
        found += _within(self, "layers", 1, MOST_LAYERS)
        found += _within(self, "embedding_size", 1, MOST_UNITS) + _within(self, "hidden_size", 1, MOST_UNITS)
        found += _within(self, "character_size", 0, MOST_UNITS) + _within(self, "attention_size", 0, MOST_UNITS)
        found += _at_least(self, "attention_heads", 1)
        if self.attention_heads >= 1 and self.attention_size % (2 * self.attention_heads):
            found.append(
                f"attention_size ({self.attention_size}) must be a multiple of twice attention_heads "
                f"({self.attention_heads})"
            )
        found += [
            f"mlp_sizes must all be from 1 to {MOST_UNITS}, not {size}"
            for size in self.mlp_sizes
            if not 1 <= size <= MOST_UNITS
        ]
        for name in ("input_dropout", "output_dropout", "mlp_dropout"):
            found += _within(self, name, 0.0, 0.95)
        if self.head != "codes" and self.decoding != "likelihood":
            found.append(f"decoding {self.decoding} needs head codes, not {self.head}: give decoding likelihood")
        found += _at_least(self, "frequent_words", 1) + _at_least(self, "word_vectors", 0)
        found += self._word_vector_problems() if self.word_vectors else []
        return found

    @property
    def composes_output(self) -> bool:
        """Whether output vectors have a part made of characters."""
        return self.output_characters and self.head == "softmax" and self.character_size > 0

    def _word_vector_problems(self) -> list[str]:
        found = []
        if self.head == "softmax":
            found.append("word_vectors needs head codes or hybrid: softmax has a vector for every word")
        if self.head == "hybrid" and self.word_vectors < self.frequent_words:
            found.append(
                f"word_vectors ({self.word_vectors}) must be 0 or at least frequent_words ({self.frequent_words})"
            )
        if not self.character_size:
            found.append("word_vectors needs character_size above 0: other words are read by their characters")
        return found


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How the network is trained."""

    epochs: int = _setting(9, "passes over the training split at most")
    batch_tokens: int = _setting(2048, "tokens of a batch at most, padding included")
    batch_sentences: int = _setting(0, "sentences of a batch at most (0: only batch_tokens counts)")
    window: int = _setting(192, "longer texts are trained in pieces of so many tokens")
    loss_tokens: str = _setting("targets", "predict words only, or every token", LOSS_TOKENS)
    code_loss: str = _setting(
        "both",
        "a codes head learns each bit on its own, the right word among all words, or both; with words alone, decoding "
        "by distance means little",
        CODE_LOSSES,
    )
    learn_codes: bool = _setting(
        True,
        "a codes or hybrid head learns the codes too, of the words that have an input vector of their own, but the "
        f"{STEADY_WORDS} most frequent",
    )
    drop_word: float = _setting(0.15, "share of context words read by their characters alone")
    drop_token: float = _setting(0.05, "share of context words replaced by <BLANK>")
    negatives: int = _setting(2048, "words sampled against the target in a batch (0: the exact softmax)")
    negative_power: float = _setting(0.75, "negatives are drawn by word count to this power")
    optimiser: str = _setting("adamw", "the optimiser", OPTIMISERS)
    learning_rate: float = _setting(4e-3, "the highest learning rate")
    weight_decay: float = _setting(0.1, "AdamW's weight decay, on matrices only")
    warmup_steps: int = _setting(400, "steps over which the learning rate rises")
    schedule: str = _setting("cosine", "the learning rate after warm-up", SCHEDULES)
    clip_norm: float = _setting(1.0, "gradients are scaled down to this norm (0: never)")
    patience: int = _setting(3, "stop after so many epochs without a better validation score")
    validation_sentences: int = _setting(1000, "validation sentences measured after each epoch (0: all)")
    checkpoint_steps: int = _setting(250, "steps between checkpoints that a stopped training resumes from")
    precision: str = _setting(
        "auto", "arithmetic of the encoder; auto is bf16 where that is measured to be faster", PRECISIONS
    )
    device: str = _setting("auto", "where to train", DEVICES)
    threads: int = _setting(0, "processor threads (0: one a core)")
    seed: int = _setting(1, "fixes initial weights, batch order, dropout and sampling")

    def problems(self) -> list[str]:
        """Every reason why this can't be used, a sentence each."""
        found = _choice_problems(self)
        for name in ("epochs", "batch_tokens", "window", "patience", "checkpoint_steps"):
            found += _at_least(self, name, 1)
        for name in ("batch_sentences", "negatives", "warmup_steps", "validation_sentences"):
            found += _at_least(self, name, 0)
        found += _within(self, "threads", 0, 1024) + _within(self, "seed", 0, MOST_SEED)
        found += _within(self, "weight_decay", 0.0, 100.0) + _within(self, "clip_norm", 0.0, 1e6)
        found += _within(self, "negative_power", 0.0, 2.0)
        found += _within(self, "drop_word", 0.0, 0.9) + _within(self, "drop_token", 0.0, 0.9)
        if not 0 < self.learning_rate <= 1:
            found.append(f"learning_rate must be above 0 and at most 1, not {self.learning_rate}")
        if self.batch_tokens < self.window + 1:
            found.append(f"batch_tokens ({self.batch_tokens}) must be larger than window ({self.window})")
        return found


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig:
    """How a network is trained to tell labels apart, beside what it has in common with one that fills blanks."""

    label_weights: str = _setting("none", "none: every text counts alike; balanced: every label does", LABEL_WEIGHTS)
    label_dropout: float = _setting(0.3, "share of what the label layer reads that is dropped in training")
    base_rate: float = _setting(0.2, "learning rate of what --from brought, as a share of the label layer's")
    training_texts: int = _setting(0, "learn from so many texts of the training split, chosen by the seed (0: all)")

    def problems(self) -> list[str]:
        """Every reason why this can't be used, a sentence each."""
        found = _choice_problems(self)
        found += _within(self, "label_dropout", 0.0, 0.95) + _within(self, "base_rate", 0.0, 1.0)
        return found + _at_least(self, "training_texts", 0)


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One named set of all four."""

    prepare: PrepareConfig = field(default_factory=PrepareConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    classifier: ClassifierConfig = field(default_factory=ClassifierConfig)


Config = TypeVar("Config", PrepareConfig, ModelConfig, TrainingConfig, ClassifierConfig)


def preset_names() -> list[str]:
    """Names of the presets that come with the package."""
    folder = resources.files("tiankong") / "presets"
    return sorted(Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_preset(name: str) -> Preset:
    """The preset of that name, or the one in that ``.toml`` file.

    :raises OptionError: no such preset or file, not TOML, an unknown field or a value of the wrong type.
    """
    try:
        return msgspec.convert(preset_tables(name), Preset)
    except msgspec.ValidationError as error:
        raise OptionError(f"the preset {name} is wrong: {error}") from None


def preset_tables(name: str) -> dict[str, Any]:
    """What :func:`load_preset` fills in, by table: the fields that stand in the preset.

    :raises OptionError: no such preset or file, not TOML, an unknown table or field.
    """
    if name.endswith(".toml"):
        try:
            text = Path(name).read_text(encoding="utf-8")
        except OSError as error:
            raise OptionError(f"the preset {name} can't be read: {reason(error)}") from None
        except UnicodeDecodeError:
            raise OptionError(f"the preset {name} is not TOML, which is UTF-8 text: save it as that") from None
    elif name in preset_names():
        text = (resources.files("tiankong") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
    else:
        known = ", ".join(preset_names())
        raise OptionError(f"there is no preset {name!r}: use one of {known}, or a path that ends in .toml")
    try:
        return _known_fields(tomllib.loads(text), Preset)
    except RecursionError:
        raise OptionError(f"the preset {name} is wrong: its values are too deep in each other") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise OptionError(f"the preset {name} is wrong: {error}") from None


def override(config: Config, values: Mapping[str, Any]) -> Config:
    """``config`` with the fields in ``values`` that are not ``None`` replaced."""
    return dataclasses.replace(config, **{name: value for name, value in values.items() if value is not None})


def validate(*configs: PrepareConfig | ModelConfig | TrainingConfig | ClassifierConfig) -> None:
    """Reports every problem of the given configurations together, also of what does not go with each other.

    :raises OptionError: if there is any.
    """
    problems = [problem for config in configs for problem in config.problems()]
    has_codes_head = any(isinstance(config, ModelConfig) and config.head == "codes" for config in configs)
    for config in configs:
        if isinstance(config, TrainingConfig) and has_codes_head and config.learn_codes and config.code_loss == "bits":
            problems.append("learn_codes needs code_loss words or both, not bits: give --no-learn-codes")
    if problems:
        raise OptionError(problems)


def reason(error: BaseException) -> str:
    """The plain words of an operating-system or decoding error."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)


def _known_fields(table: dict[str, Any], kind: type[Preset]) -> dict[str, Any]:
    """``table`` itself, once every table and field in it is known."""
    tables = {entry.name: entry.default_factory for entry in dataclasses.fields(kind)}
    for name, values in table.items():
        if name not in tables:
            raise msgspec.ValidationError(f"unknown table [{name}], the tables are {', '.join(tables)}")
        known = {entry.name for entry in dataclasses.fields(tables[name])}  # type: ignore[arg-type]
        unknown = sorted(set(values) - known) if isinstance(values, dict) else []
        if unknown:
            raise msgspec.ValidationError(f"unknown field {', '.join(unknown)} in [{name}]")
    return table


def _choice_problems(config: Any) -> list[str]:
    found = []
    for entry in dataclasses.fields(config):
        choices = entry.metadata.get("choices", ())
        value = getattr(config, entry.name)
        if choices and value not in choices:
            found.append(f"{entry.name} must be one of {', '.join(choices)}, not {value}")
    return found


def _at_least(config: Any, name: str, lowest: float) -> list[str]:
    value = getattr(config, name)
    return [] if value >= lowest else [f"{name} must be at least {lowest}, not {value}"]


def _within(config: Any, name: str, lowest: float, highest: float) -> list[str]:
    value = getattr(config, name)
    return [] if lowest <= value <= highest else [f"{name} must be from {lowest} to {highest}, not {value}"]
