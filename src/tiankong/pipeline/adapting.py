"""New texts as a model that goes on from another reads them."""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tiankong.artifact.base_model import BaseModel
from tiankong.artifact.model_folder import ModelFolder
from tiankong.corpus.blocks import each_text
from tiankong.corpus.joined_words import Words, joined_words
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.translated import TranslatedCorpus, check_read_alike
from tiankong.errors import FolderError
from tiankong.text.vocabulary import SPECIAL_TOKENS, is_target

_LANGUAGES = {"CJK": "Chinese", "HANGUL": "Korean", "HIRAGANA": "Japanese", "KATAKANA": "Japanese"}
"""What people call a script, where it is not its name."""

_MIXED = 0.1
"""From that share of the letters on, a second script is no matter of names and quotations."""

_FOREIGN_TEXT = 0.3
"""A text of whose words the base knows a smaller share is probably in another language."""

_NOTABLE = 0.05
_SHORTEST = 5
_MOST_TEXTS = 2000


def adapted(base: BaseModel, corpora: Sequence[PreparedCorpus], note: Callable[[str], None]) -> list[PreparedCorpus]:
    """The corpora by the ids of one vocabulary: the words of ``base``, and those of the corpora's own vocabularies that
    it lacks. ``note`` is called with sentences for people about what does not fit.

    :raises FolderError: the model can't get new words, reads texts in another way, or knows no word of a corpus.
    """
    folder = base.folder
    head = folder.manifest.model.head_spec
    if not head.grows:
        raise FolderError(
            f"{folder.path} has the head {head.name}, which can't get new words: start from a model with another head"
        )
    for corpus in corpora:
        check_read_alike(corpus, folder.manifest.prepare, folder.user_words, str(folder.path))
        if not any(word in folder.vocabulary for word in corpus.vocabulary.words if is_target(word)):
            raise FolderError(
                f"{folder.path.name} knows no word of {corpus.path}: start from a model of the language of these texts"
            )
    words = joined_words(Words(folder.vocabulary, folder.characters), corpora)
    translated = [TranslatedCorpus(corpus, *words) for corpus in corpora]
    for corpus, own in zip(translated, corpora, strict=True):
        for sentence in itertools.chain(_script_notes(own, base), _language_notes(corpus, base)):
            note(sentence)
    known = len(folder.vocabulary) - len(SPECIAL_TOKENS)
    joined = len(words.vocabulary) - len(folder.vocabulary)
    note(f"{joined:,} new words join the {known:,} of {folder.path.name}")
    return list(translated)


def _script_notes(corpus: PreparedCorpus, base: BaseModel) -> Iterator[str]:
    """About a second script of the texts that the base has seen less of."""
    (first, share), *others = _script_shares(corpus) or [("", 0.0)]
    known = dict(_script_shares(base.folder))
    for second, second_share in others[:1]:
        if second_share >= _MIXED and known.get(second, 0.0) < second_share / 2:
            yield (
                f"{corpus.path} mixes languages, {share:.0%} of the letters are {first} and {second_share:.0%} "
                f"{second}, against {known.get(second, 0.0):.0%} where {base.folder.path.name} was trained: prepare "
                "them apart, and start each from a model of its language"
            )


def _script_shares(words: PreparedCorpus | ModelFolder) -> list[tuple[str, float]]:
    """Scripts by their share of the letters, the largest first."""
    letters: Counter[str] = Counter()
    for character, count in words.characters.counted():
        if character.isalpha():
            script = unicodedata.name(character, "").partition(" ")[0]
            letters[_LANGUAGES.get(script, script.title())] += count
    return [(script, count / letters.total()) for script, count in letters.most_common()]


def _language_notes(corpus: PreparedCorpus, base: BaseModel) -> Iterator[str]:
    """About texts that the base knows few words of."""
    known = np.array([word in base.folder.vocabulary for word in corpus.vocabulary.words])
    size = corpus.manifest.splits["train"].texts
    chosen = np.unique(np.linspace(0, size - 1, min(size, _MOST_TEXTS)).astype(np.int64))
    texts = foreign = 0
    for ids in each_text(corpus, "train", chosen):
        words = ids[corpus.is_word[ids]]
        if len(words) >= _SHORTEST:
            inside = words[words < len(known)]
            texts += 1
            foreign += int(known[inside].sum()) < _FOREIGN_TEXT * len(words)
    if texts and foreign >= _NOTABLE * texts:
        yield (
            f"{foreign / texts:.0%} of the texts of {corpus.path} seem to be in another language than "
            f"{base.folder.path.name}, which knows less than {_FOREIGN_TEXT:.0%} of their words: leave them out, or "
            "start from a model of their language"
        )
