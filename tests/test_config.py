import pytest

from tiankong.config import ModelConfig, PrepareConfig, TrainingConfig, load_preset, preset_names, validate
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
    for words in ("cell must be one of", "hidden_size", "decoding distance needs", "epochs", "larger than window"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (ModelConfig(word_vectors=5000), "word_vectors needs head codes or hybrid"),
        (ModelConfig(head="hybrid", word_vectors=1000), r"word_vectors \(1000\) must be 0 or at least frequent_words"),
        (ModelConfig(head="codes", word_vectors=1000, character_size=0), "word_vectors needs character_size above 0"),
        (ModelConfig(head="hybrid", frequent_words=0), "frequent_words must be at least 1"),
        (ModelConfig(head="hybrid", decoding="distance"), "decoding distance needs head codes, not hybrid"),
    ],
)
def test_words_that_share_vectors_need_something_else_to_tell_them_apart(model, message):
    with pytest.raises(OptionError, match=message):
        validate(model)
