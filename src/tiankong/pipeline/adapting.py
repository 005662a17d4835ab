"""Whether a model can go on from another with new texts, and the texts as it reads them."""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.base_model import BaseModel
from tiankong.artifact.model_folder import ModelFolder
from tiankong.corpus.blocks import each_text
from tiankong.corpus.joined_words import Words, joined_words
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.translated import TranslatedCorpus, check_read_alike
from tiankong.errors import FolderError
from tiankong.text.vocabulary import SPECIAL_TOKENS
from tiankong.training.learned_texts import known_test_texts

_LANGUAGES = {"CJK": "Chinese", "HANGUL": "Korean", "HIRAGANA": "Japanese", "KATAKANA": "Japanese"}
"""What people call a script, where it is not its name."""

_MIXED = 0.1
"""From that share of the letters on, a second script is no matter of names and quotations."""

_FOREIGN_TEXT = 0.3
"""A text of whose words the base knows a smaller share is probably in another language."""

_NOTABLE = 0.05
"""A smaller share of such texts is not worth a word."""

_SHORTEST = 5
"""Words of the shortest text that is judged."""

_MOST_TEXTS = 2000


def check_base(base: BaseModel, corpora: Sequence[PreparedCorpus], note: Callable[[str], None]) -> None:
    """Checks that a model can go on from ``base`` with ``corpora``. ``note`` is called with a sentence for people if
    test texts may be among those that the base has learned from.

    :raises FolderError: the base reads texts in another way, or has learned from test texts.
    """
    folder = base.folder
    for corpus in corpora:
        check_read_alike(corpus, folder.manifest.prepare, folder.user_words, str(folder.path))
        known = known_test_texts(base, corpus)
        if not known:
            continue
        for texts in known:
            if texts.split is not None and texts.sources == corpus.sources_fingerprint:
                raise FolderError(
                    f"{folder.path.name} learned from test texts of {corpus.path}, since it had the same texts split "
                    f"in another way: prepare them again with `split` {_shares(texts.split)} and `seed` {texts.seed}"
                )
        note(
            f"{folder.path.name} learned from texts that were split in another way than {corpus.path}: if they share "
            "texts, it knows some of the test texts"
        )


def _shares(split: Sequence[float]) -> str:
    return "/".join(f"{share:g}" for share in split)


def adapted(base: BaseModel, corpora: Sequence[PreparedCorpus], note: Callable[[str], None]) -> list[PreparedCorpus]:
    """The corpora by the ids of one vocabulary: the words of ``base``, and those of the corpora's own vocabularies that
    it lacks. ``note`` is called with sentences for people about what does not fit.

    :raises FolderError: the model can't get new words, or knows no word of a corpus.
    """
    folder = base.folder
    head = folder.manifest.model.head_spec
    if not head.grows:
        raise FolderError(
            f"{folder.path} has the head {head.name}, which can't get new words: start from a model with another head"
        )
    for corpus in corpora:
        known = _known_words(corpus, base)
        if not known.any():
            raise FolderError(
                f"{folder.path.name} knows no word of {corpus.path}: start from a model of the language of these texts"
            )
        for sentence in itertools.chain(_script_notes(corpus, base), _language_notes(corpus, base, known)):
            note(sentence)
    words = joined_words(Words(folder.vocabulary, folder.characters), corpora)
    old, joined = (len(vocabulary) - len(SPECIAL_TOKENS) for vocabulary in (folder.vocabulary, words.vocabulary))
    note(f"{joined - old:,} new words join the {old:,} of {folder.path.name}")
    return [TranslatedCorpus(corpus, *words) for corpus in corpora]


def _known_words(corpus: PreparedCorpus, base: BaseModel) -> NDArray[np.bool_]:
    """For each form of the corpus, whether it is a word that the base knows. Shape (forms,)."""
    forms = itertools.chain(corpus.vocabulary.words, corpus.other_words)
    vocabulary = base.folder.vocabulary
    return corpus.is_word & np.fromiter((form in vocabulary for form in forms), np.bool_, len(corpus.is_word))


def _script_notes(corpus: PreparedCorpus, base: BaseModel) -> Iterator[str]:
    """About texts in two scripts, one of which the base has seen less of."""
    scripts = _script_shares(corpus)[:2]
    if len(scripts) < 2 or scripts[1][1] < _MIXED:
        return
    known = dict(_script_shares(base.folder))
    for script, share in scripts:
        if known.get(script, 0.0) < share / 2:
            (first, first_share), (second, second_share) = scripts
            yield (
                f"{corpus.path} mixes languages: {first_share:.0%} of the letters are {first} and {second_share:.0%} "
                f"{second}, and {base.folder.path.name} learned from texts with {known.get(script, 0.0):.0%} {script}: "
                "prepare them apart, and start each from a model of its language"
            )


def _script_shares(words: PreparedCorpus | ModelFolder) -> list[tuple[str, float]]:
    """Scripts by their share of the letters, the largest first."""
    letters: Counter[str] = Counter()
    for character, count in words.characters.counted():
        if character.isalpha():
            script = unicodedata.name(character, "").partition(" ")[0]
            letters[_LANGUAGES.get(script, script.title())] += count
    return [(script, count / letters.total()) for script, count in letters.most_common()]


def _language_notes(corpus: PreparedCorpus, base: BaseModel, known: NDArray[np.bool_]) -> Iterator[str]:
    """About texts that the base knows few words of; ``known`` says of each form whether it does."""
    size = corpus.manifest.splits["train"].texts
    chosen = np.unique(np.linspace(0, size - 1, min(size, _MOST_TEXTS)).astype(np.int64))
    words = [ids[corpus.is_word[ids]] for ids in each_text(corpus, "train", chosen)]
    shares = [known[ids].mean() for ids in words if len(ids) >= _SHORTEST]
    foreign = sum(share < _FOREIGN_TEXT for share in shares)
    if foreign and foreign >= _NOTABLE * len(shares):
        yield (
            f"{foreign / len(shares):.0%} of the texts of {corpus.path} seem to be in another language than "
            f"{base.folder.path.name}, which knows less than {_FOREIGN_TEXT:.0%} of their words: leave them out, or "
            "start from a model of their language"
        )
