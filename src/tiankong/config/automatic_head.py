"""Puts a real head in place of ``auto``, once the vocabulary is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tiankong.config.applicability import check_used
from tiankong.config.presets import Preset, override, validate
from tiankong.config.settings import ModelConfig
from tiankong.errors import OptionError
from tiankong.registry.heads import AUTO, HeadChoice


def with_head(config: Preset, choice: HeadChoice, given: Mapping[str, Any], *, has_codes: bool) -> Preset:
    """``config`` with the head that was chosen, and with the settings that suit it where neither ``given`` (not
    ``None``) nor the preset says anything. With ``has_codes``, the corpus was prepared with codes, whose bits count.

    :raises OptionError: a given setting does not go with that head.
    """
    head, model = choice.head, dataclasses.replace(config.model, head=choice.head.name)
    values = dict(head.suited.settings) if head.suited else {}
    if has_codes or not head.needs_codes:
        values.pop("code_bits", None)
    if not model.character_size:  # words without a vector are read by their characters
        values.pop("word_vectors", None)
    elif "word_vectors" in values and head.has("frequent_words"):
        values["word_vectors"] = max(values["word_vectors"], model.frequent_words)
    unsaid = {name: value for name, value in values.items() if given.get(name) is None and not getattr(model, name)}
    chosen = with_decoding(dataclasses.replace(config, model=override(model, unsaid)), given)
    try:
        check_used(chosen, given)
        validate(chosen.model, chosen.training, chosen.classifier)
    except OptionError as error:
        *others, last = error.problems
        because = f'(`head="{AUTO}"` takes {head.name}, because {choice.reason})'
        raise OptionError([*others, f"{last} {because}"]) from None
    return chosen


def with_decoding(config: Preset, given: Mapping[str, Any]) -> Preset:
    """``config`` with the default decoding in place of one that its head does not have, if that comes from a preset
    with another head.
    """
    model = config.model
    if given.get("decoding") is None and model.decoding not in model.head_spec.decodings:
        model = dataclasses.replace(model, decoding=ModelConfig().decoding)
    return dataclasses.replace(config, model=model)
