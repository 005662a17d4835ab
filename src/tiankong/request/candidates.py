"""Candidates for a blank, and words added to a vocabulary, as a user gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tiankong.config import PrepareConfig
from tiankong.errors import OptionError
from tiankong.runtime.predictor import Predictor
from tiankong.text.conversion import Conversions
from tiankong.text.normalise import normalise, normalise_with_case, surrogate_in
from tiankong.text.vocabulary import is_target

MOST_WORDS = 100_000
"""The most words that can be added to a vocabulary."""

MOST_CANDIDATES = 10_000
"""The most candidates of one query."""

LONGEST_CANDIDATE = 64
"""The most words of one candidate."""


@dataclass(frozen=True)
class Candidate:
    """A candidate as typed, normalised, and as words; words without a letter are context and not predicted.

    A candidate that is one word is ``shown`` normalised; as typed if the model reads it converted; and in its typed
    case by a model that knows how words are typed.
    """

    text: str
    normalised: str
    words: tuple[str, ...]
    shown: str


def parse_candidates(
    texts: Sequence[str], predictor: Predictor, *, all_different: bool = False, in_one_script: bool = False
) -> list[Candidate]:
    """The candidates of ``texts``; one that is given twice is one.

    A candidate in the vocabulary is one word, whatever the segmenter makes of it.

    :raises OptionError: ``texts`` is not a list of strings, is empty or too long; a candidate has no word; with
        ``all_different``, two are the same to the model; with ``in_one_script``, two are because they are converted.
    """
    if isinstance(texts, str) or not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
        raise OptionError("candidates (targets of fill) must be a list of words")
    if not texts:
        raise OptionError("the list of candidates is empty: give at least one")
    if len(texts) > MOST_CANDIDATES:
        raise OptionError(f"{len(texts):,} candidates are too many: give at most {MOST_CANDIDATES:,}")
    candidates: dict[tuple[str, ...], Candidate] = {}
    for text in texts:
        if surrogate_in(text) is not None:
            raise OptionError(f"the candidate {text!r} is not valid Unicode: convert it to UTF-8")
        whole = predictor.tokenizer.normalise(text)
        words = (whole,) if predictor.knows(whole) else tuple(predictor.tokenizer.tokens(text))
        if not any(map(is_target, words)):
            dropped = any(map(is_target, whole))
            problem = "is dropped by this model's segmenter" if dropped else "has no letter: only words are predicted"
            name = f"the candidate {text!r}" if text.strip() else "a candidate (of `targets` in fill) is empty and"
            raise OptionError(f"{name} {problem}")
        if len(words) > LONGEST_CANDIDATE:
            raise OptionError(f"the candidate {text[:20]!r}… has {len(words)} words: give at most {LONGEST_CANDIDATE}")
        if words in candidates:
            first, method = candidates[words].text, predictor.folder.manifest.prepare.normalisation
            if all_different or (in_one_script and _letters(first, method) != _letters(text, method)):
                raise OptionError(f"the candidates {first!r} and {text!r} are the same to this model: remove one")
        is_converted = predictor.conversion is not None or predictor.tokenizer.converted(text) != text
        shown = text if is_converted else whole
        if predictor.typed_forms and not is_converted:
            shown = with_case(text, predictor.folder.manifest.prepare)
        candidates.setdefault(words, Candidate(text, whole, words, shown))
    return list(candidates.values())


def with_case(text: str, config: PrepareConfig) -> str:
    """``text`` normalised, but in the case in which it is typed."""
    return normalise_with_case(text, config.normalisation)[1]


def _letters(text: str, method: str) -> str:
    """``text`` normalised, without white space, which makes no other word."""
    return "".join(normalise(text, method).split())


def parse_words(words: Sequence[str], config: PrepareConfig, conversions: Conversions | None = None) -> dict[str, str]:
    """Words to add to a vocabulary, normalised, without duplicates, and each as it is shown: as typed if
    ``conversions`` converts it to the model's script.

    :raises OptionError: ``words`` is not a list of strings, or too long; a word has no letter or contains white space.
    """
    if isinstance(words, str) or not isinstance(words, Sequence) or not all(isinstance(word, str) for word in words):
        raise OptionError("words must be a list of words")
    if len(words) > MOST_WORDS:
        raise OptionError(f"{len(words):,} words are too many for the vocabulary: add at most {MOST_WORDS:,}")
    unique: dict[str, str] = {}
    for word in words:
        text = normalise(word, config.normalisation)
        if surrogate_in(text) is not None:
            raise OptionError(f"{word!r} can't be added to the vocabulary: not valid Unicode, convert it to UTF-8")
        if not is_target(text) or len(text.split()) != 1:
            raise OptionError(f"{word!r} can't be added to the vocabulary: a word has a letter and no white space")
        conversion = None if conversions is None else conversions.of(text)
        if conversion is None:
            unique.setdefault(text, text)
        else:
            unique.setdefault(conversion.read(text), word.strip())
    return unique


def check_kept_whole(predictor: Predictor) -> None:
    """Verifies that the segmenter keeps the words whole that were added to the vocabulary.

    :raises OptionError: it splits one.
    """
    for word in predictor.added_words.words:
        if predictor.tokenizer.tokens(word) != [word]:
            raise OptionError(f"{word!r} can't be added to the vocabulary: the model's segmenter splits it")


def oov_words(candidates: Sequence[Candidate], predictor: Predictor) -> list[str]:
    """The words of the candidates that the predictor does not know, without duplicates."""
    words = dict.fromkeys(word for candidate in candidates for word in candidate.words if is_target(word))
    return [word for word in words if not predictor.knows(word)]
