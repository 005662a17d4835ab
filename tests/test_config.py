import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.config import (
    MOST_HOURS,
    MOST_LAYERS,
    MOST_ROWS,
    MOST_SEED,
    MOST_UNITS,
    ClassifierConfig,
    ModelConfig,
    PrepareConfig,
    TrainingConfig,
    load_preset,
    preset_names,
    validate,
)
from tiankong.errors import OptionError


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_usable(name):
    preset = load_preset(name)
    validate(preset.prepare, preset.model, preset.training)


def test_the_default_preset_is_the_default_of_every_field():
    preset = load_preset("default")
    assert (preset.prepare, preset.model, preset.training) == (PrepareConfig(), ModelConfig(), TrainingConfig())


@pytest.mark.parametrize("name", ["negative_power", "weight_decay", "clip_norm"])
@pytest.mark.parametrize("value", [-1.0, 1e9, float("inf"), float("nan")])
def test_numbers_that_no_training_can_use(name, value):
    with pytest.raises(OptionError, match=name):
        validate(TrainingConfig(**{name: value}))


def test_the_tutorials_sizes():
    preset = load_preset("tutorial")
    assert (preset.model.embedding_size, preset.model.hidden_size, preset.model.mlp_sizes) == (100, 500, (600, 300))
    assert preset.prepare.code_bits == 100
    assert preset.prepare.split == (60, 20, 20)
    assert preset.training.patience == 20


def test_all_problems_are_reported_together():
    model = ModelConfig(cell="rnn", hidden_size=0, decoding="distance")
    training = TrainingConfig(epochs=0, window=9000)
    with pytest.raises(OptionError) as caught:
        validate(model, training)
    assert len(caught.value.problems) == 5
    for words in (
        "`cell` must be one of",
        "hidden_size",
        "`decoding` distance needs",
        "epochs",
        "larger than `window`",
    ):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (ModelConfig(word_vectors=5000), "`word_vectors` needs `head` codes or hybrid"),
        (
            ModelConfig(head="hybrid", word_vectors=1000),
            r"`word_vectors` \(1000\) must be 0 or at least `frequent_words`",
        ),
        (
            ModelConfig(head="codes", word_vectors=1000, character_size=0),
            "`word_vectors` needs `character_size` above 0",
        ),
        (ModelConfig(head="hybrid", frequent_words=0), "`frequent_words` must be at least 1"),
        (ModelConfig(head="hybrid", decoding="distance"), "`decoding` distance needs `head` codes, not hybrid"),
    ],
)
def test_words_that_share_vectors_need_something_else_to_tell_them_apart(model, message):
    with pytest.raises(OptionError, match=message):
        validate(model)


BOUNDS = [
    (PrepareConfig, "minimum_count", 1, None),
    (PrepareConfig, "maximum_vocabulary", 0, None),
    (PrepareConfig, "code_bits", 50, 4096),
    (ModelConfig, "code_bits", 50, 4096),
    (PrepareConfig, "seed", 0, MOST_SEED),
    (ModelConfig, "layers", 1, MOST_LAYERS),
    (ModelConfig, "embedding_size", 1, MOST_UNITS),
    (ModelConfig, "hidden_size", 1, MOST_UNITS),
    (ModelConfig, "ngram_rows", 0, MOST_ROWS),
    (ModelConfig, "ngram_size", 1, MOST_UNITS),
    (ModelConfig, "character_size", 0, MOST_UNITS),
    (ModelConfig, "attention_size", 0, MOST_UNITS),
    (ModelConfig, "input_dropout", 0.0, 0.95),
    (ModelConfig, "output_dropout", 0.0, 0.95),
    (ModelConfig, "mlp_dropout", 0.0, 0.95),
    (ModelConfig, "frequent_words", 1, None),
    (ModelConfig, "word_vectors", 0, None),
    (TrainingConfig, "epochs", 1, None),
    (TrainingConfig, "max_steps", 0, None),
    (TrainingConfig, "max_hours", 0.0, MOST_HOURS),
    (TrainingConfig, "evaluate_every", 2, None),
    (TrainingConfig, "window", 1, None),
    (TrainingConfig, "patience", 1, None),
    (TrainingConfig, "checkpoint_steps", 1, None),
    (TrainingConfig, "batch_sentences", 0, None),
    (TrainingConfig, "negatives", 0, None),
    (TrainingConfig, "warmup_steps", 0, None),
    (TrainingConfig, "validation_sentences", 0, None),
    (TrainingConfig, "threads", 0, 1024),
    (TrainingConfig, "seed", 0, MOST_SEED),
    (TrainingConfig, "negative_power", 0.0, 2.0),
    (TrainingConfig, "weight_decay", 0.0, 100.0),
    (TrainingConfig, "clip_norm", 0.0, 1e6),
    (TrainingConfig, "layer_rate", 0.0, 1.0),
    (TrainingConfig, "base_decay", 0.0, 1e6),
    (TrainingConfig, "drop_word", 0.0, 0.9),
    (TrainingConfig, "drop_token", 0.0, 0.9),
    (TrainingConfig, "drop_final", 0.0, 1.0),
    (TrainingConfig, "learning_rate", 1e-9, 1.0),
    (ClassifierConfig, "label_dropout", 0.0, 0.95),
    (ClassifierConfig, "base_rate", 0.0, 1.0),
    (ClassifierConfig, "training_texts", 0, None),
]
"""Settings, and the lowest and the highest value of each; ``None`` where there is no highest."""


@pytest.mark.parametrize(("kind", "name", "lowest", "highest"), BOUNDS)
def test_a_setting_is_taken_up_to_its_bounds_and_not_beyond(kind, name, lowest, highest):
    beyond = 1 if isinstance(lowest, int) else 1e-3
    for value in (lowest, highest):
        if value is not None:
            validate(kind(**{name: value}))
    for value in (lowest - beyond, None if highest is None else highest + beyond):
        if value is not None and (name, value) != ("code_bits", 0):
            with pytest.raises(OptionError, match=f"`{name}` must be .*, not {value}"):
                validate(kind(**{name: value}))


def test_every_number_has_bounds():
    numbers = {
        (kind, entry.name)
        for kind in (PrepareConfig, ModelConfig, TrainingConfig, ClassifierConfig)
        for entry in dataclasses.fields(kind)
        if type(getattr(kind(), entry.name)) in (int, float)
    }
    # They depend on another setting: the tests below.
    related = {(TrainingConfig, "batch_tokens"), (ModelConfig, "attention_heads")}
    assert numbers == {(kind, name) for kind, name, *_ in BOUNDS} | related


@given(size=st.integers(0, 40), heads=st.integers(0, 10))
def test_attention_heads_share_the_size_in_pairs(size, heads):
    if heads >= 1 and size % (2 * heads) == 0:
        validate(ModelConfig(attention_size=size, attention_heads=heads))
    else:
        with pytest.raises(OptionError, match="attention_heads"):
            validate(ModelConfig(attention_size=size, attention_heads=heads))


@given(window=st.integers(1, 500), tokens=st.integers(0, 500))
def test_a_batch_has_room_for_a_window(window, tokens):
    if tokens > window:
        validate(TrainingConfig(window=window, batch_tokens=tokens))
    else:
        with pytest.raises(
            OptionError, match=rf"`batch_tokens` \({tokens}\) must be larger than `window` \({window}\)"
        ):
            validate(TrainingConfig(window=window, batch_tokens=tokens))


@given(shares=st.tuples(*[st.floats() | st.integers(-5, 100)] * 3))
def test_a_split_has_three_shares(shares):
    if all(0 < share < math.inf for share in shares):
        validate(PrepareConfig(split=shares))
    else:
        with pytest.raises(OptionError, match="`split` needs three shares above 0"):
            validate(PrepareConfig(split=shares))


@given(sizes=st.lists(st.integers(-3, MOST_UNITS + 3) | st.integers(1, 9), max_size=4).map(tuple))
def test_every_layer_that_is_too_large_is_named(sizes):
    wrong = [size for size in sizes if not 1 <= size <= MOST_UNITS]
    problems = ModelConfig(mlp_sizes=sizes).problems()
    assert problems == [f"`mlp_sizes` must all be from 1 to {MOST_UNITS}, not {size}" for size in wrong]


@pytest.mark.parametrize("kind", [PrepareConfig, ModelConfig, TrainingConfig, ClassifierConfig])
def test_a_choice_is_one_of_those_that_are_listed(kind):
    for entry in dataclasses.fields(kind):
        choices = entry.metadata["choices"]
        for choice in choices:
            assert not [problem for problem in kind(**{entry.name: choice}).problems() if "must be one of" in problem]
        if choices:
            with pytest.raises(OptionError, match=f"`{entry.name}` must be one of {', '.join(choices)}, not other"):
                validate(kind(**{entry.name: "other"}))
