"""Words and phrases given as candidates for a blank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tiankong.config import PrepareConfig
from tiankong.errors import OptionError
from tiankong.runtime.predictor import Predictor
from tiankong.text.blanks import has_blank
from tiankong.text.normalise import normalise, surrogate_in
from tiankong.text.vocabulary import is_target

MOST_WORDS = 100_000
"""Words that join a vocabulary at most."""

MOST_CANDIDATES = 10_000
"""Candidates of one query at most."""

LONGEST_CANDIDATE = 64
"""Words of a candidate at most."""


@dataclass(frozen=True)
class Candidate:
    """One candidate: as typed, normalised, and its words; those without a letter are read and not predicted."""

    text: str
    normalised: str
    words: tuple[str, ...]


def parse_candidates(texts: Sequence[str], predictor: Predictor, *, all_different: bool = False) -> list[Candidate]:
    """The candidates that ``texts`` are, each once.

    What the vocabulary has is one word, however the segmenter would cut it.

    :raises OptionError: no list of strings, none at all, too many, or one without a word; two that are the same to the
        model, if they should be ``all_different``.
    """
    if isinstance(texts, str) or not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
        raise OptionError("candidates (targets of fill) must be a list of words")
    if not texts:
        raise OptionError("the list of candidates is empty: give one at least")
    if len(texts) > MOST_CANDIDATES:
        raise OptionError(f"{len(texts):,} candidates are too many: give {MOST_CANDIDATES:,} at most")
    found: dict[tuple[str, ...], Candidate] = {}
    for text in texts:
        if surrogate_in(text) is not None:
            raise OptionError(f"the candidate {text!r} is no valid Unicode: convert it to UTF-8")
        if has_blank(text):
            raise OptionError(f"the candidate {text!r} has a blank: give what may stand in the sentence's")
        whole = predictor.tokenizer.normalise(text)
        words = (whole,) if predictor.knows(whole) else tuple(predictor.tokenizer.tokens(text))
        if not any(map(is_target, words)):
            drops = any(map(is_target, whole))
            problem = "is left out of this model's text" if drops else "has no letter: only words are predicted"
            raise OptionError(f"the candidate {text!r} {problem}")
        if len(words) > LONGEST_CANDIDATE:
            raise OptionError(f"the candidate {text[:20]!r}… has {len(words)} words: give {LONGEST_CANDIDATE} at most")
        if all_different and words in found:
            first = found[words].text
            raise OptionError(f"the candidates {first!r} and {text!r} are the same to this model: leave one out")
        found.setdefault(words, Candidate(text, whole, words))
    return list(found.values())


def parse_words(words: Sequence[str], config: PrepareConfig) -> list[str]:
    """Words that a user adds to a vocabulary, normalised, each once.

    :raises OptionError: no list of strings; one without a letter, or with white space in it.
    """
    if isinstance(words, str) or not isinstance(words, Sequence) or not all(isinstance(word, str) for word in words):
        raise OptionError("words must be a list of words")
    if len(words) > MOST_WORDS:
        raise OptionError(f"{len(words):,} words are too many to join the vocabulary: at most {MOST_WORDS:,} do")
    found: dict[str, None] = {}
    for word in words:
        text = normalise(word, config.normalisation)
        if surrogate_in(text) is not None:
            raise OptionError(f"{word!r} can't join the vocabulary: it is no valid Unicode, so convert it to UTF-8")
        if not is_target(text) or len(text.split()) != 1:
            raise OptionError(f"{word!r} can't join the vocabulary: a word has a letter and no white space in it")
        found[text] = None
    return list(found)


def check_kept_whole(predictor: Predictor) -> None:
    """Makes sure that the segmenter keeps the words whole that joined the vocabulary.

    :raises OptionError: it cuts one.
    """
    for word in predictor.joined.words:
        if predictor.tokenizer.tokens(word) != [word]:
            raise OptionError(f"{word!r} can't join the vocabulary: the model's segmenter cuts it into several words")


def oov_words(candidates: Sequence[Candidate], predictor: Predictor) -> list[str]:
    """Words of the candidates that are not in the vocabulary, each once."""
    words = dict.fromkeys(word for candidate in candidates for word in candidate.words if is_target(word))
    return [word for word in words if not predictor.knows(word)]
