"""``rank``: candidates compared, for a blank or as whole sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import OptionError, SentenceError, in_which
from tiankong.request.answers import RankedCandidate
from tiankong.request.candidates import oov_words, parse_candidates
from tiankong.request.constraints import affixed
from tiankong.request.queries import parse_query
from tiankong.runtime.joint_probability import phrase_log_probabilities
from tiankong.runtime.predictor import Predictor
from tiankong.runtime.pseudo_likelihood import predict_words
from tiankong.runtime.reading import Reading
from tiankong.text.blank_forms import USUAL, BlankForm, blank_form
from tiankong.text.blanks import check_text
from tiankong.text.script import AUTO


def rank(
    predictor: Predictor,
    sentence: str | Sequence[str],
    candidates: Sequence[str] | None = None,
    part_of_word: bool | None = None,
    blank: str | None = None,
    script: str = AUTO,
) -> list[RankedCandidate]:
    """``candidates`` for the blank of ``sentence``, or whole sentences, best first.

    ``blank`` is how the sentence writes its blank; whole sentences have none, ``__`` in them is text.

    :raises SentenceError: see :func:`_rank_candidates` and :func:`_rank_sentences`.
    :raises OptionError: the candidates or ``blank``; there are both candidates and several sentences.
    """
    form = blank_form(blank)
    if isinstance(sentence, str):
        return _rank_candidates(predictor, sentence, candidates or [], part_of_word, form, script)
    if candidates is not None:
        raise OptionError("give candidates for the blank of one sentence, or several sentences without candidates")
    if blank is not None:
        raise OptionError("`blank` is for a sentence with candidates: leave it out, whole sentences have no blank")
    return _rank_sentences(predictor, sentence, script)


def _rank_candidates(
    predictor: Predictor,
    sentence: str,
    candidates: Sequence[str],
    part_of_word: bool | None,
    form: BlankForm,
    script: str,
) -> list[RankedCandidate]:
    """Candidates for the one blank of ``sentence``.

    A candidate is as probable as ``fill`` says of it as a target. A phrase's probability is that of its words given
    their number.

    :raises SentenceError: as ``fill``; more than one blank.
    :raises OptionError: the candidates; two are the same; one lacks the prefix or suffix of the blank's word.
    """
    query = parse_query(sentence, predictor, part_of_word, form, script)
    predictor = query.reader
    if len(query.affixes) > 1:
        raise SentenceError(
            f"the sentence has {len(query.affixes)} blanks: rank compares candidates for one; {form.how_to_escape}"
        )
    parsed = parse_candidates(candidates, predictor, all_different=True)
    required = affixed(*query.affixes[0])
    for candidate in parsed:
        if not required.allow(candidate.normalised):
            affixes = "…".join(query.affixes[0])
            raise OptionError(
                f"the candidate {candidate.text!r} is not of the form {affixes}, which the blank requires"
            )
    reading = Reading(predictor, predictor.oov_words(oov_words(parsed, predictor)))
    boundaries = query.boundaries(0, reading)
    # Apart from each other, as `fill` reads them: 8-bit scores depend a little on what is read in the same batch.
    (prediction,) = reading.predictions(query.windows(reading))
    rows = [beside.log_probabilities for beside in reading.predictions(boundaries.windows)]
    weighed = boundaries.weighed(prediction.log_probabilities, rows)
    phrases = [candidate.words for candidate in parsed if len(candidate.words) > 1]
    of_phrases = iter(phrase_log_probabilities(phrases, *query.around(0), reading))
    logs = np.array(
        [
            float(weighed.log_probabilities[reading.answer_id(candidate.words[0])])
            if len(candidate.words) == 1
            else weighed.of_phrase(candidate.normalised, next(of_phrases))
            for candidate in parsed
        ]
    )
    return _ranked([(candidate.text, query.filled([candidate.text])) for candidate in parsed], logs, logs)


def _rank_sentences(predictor: Predictor, sentences: Sequence[str], script: str) -> list[RankedCandidate]:
    """Whole sentences by pseudo-log-likelihood (Salazar et al. 2020, section 2): the sum over words of their log
    probability given all others, scaled to the mean number of words, so that long sentences are not at a disadvantage.

    :raises SentenceError: there are fewer than two sentences; one has no word, or is given twice; all but
        the first are single words, so that a blank was forgotten.
    """
    if not isinstance(sentences, Sequence):
        raise SentenceError(f"give a list of sentences, not {type(sentences).__name__}")
    logs_of_words: dict[str, list[float]] = {}
    for number, sentence in enumerate(sentences, start=1):
        with in_which(f"sentence {number}"):
            check_text(sentence)
            if sentence in logs_of_words:
                raise SentenceError("it was given before: remove it")
            tokens = predictor.reader(script, sentence).tokenizer.tokens(sentence)
            logs_of_words[sentence] = [word.log_probability for word in predict_words(tokens, predictor)]
            if not logs_of_words[sentence]:
                raise SentenceError("there is no word that the model can judge: write more")
    if len(logs_of_words) < 2:
        raise SentenceError("give at least two sentences, or one with a blank and candidates for it")
    lengths = [len(logs) for logs in logs_of_words.values()]
    if lengths[0] > 1 and set(lengths[1:]) == {1}:
        first = next(iter(logs_of_words))
        raise SentenceError(
            "the first sentence has no blank and the others are single words: write __ where they should stand"
            if not USUAL.count(first)
            else f"{USUAL.shown} is text in whole sentences, and all but the first are single words: give these as "
            "candidates for its blank, or write longer sentences"
        )
    sums = np.array([sum(logs) for logs in logs_of_words.values()])
    counts = np.array(lengths)
    return _ranked([(sentence, sentence) for sentence in logs_of_words], sums, sums / counts * counts.mean())


def _ranked(
    texts: Sequence[tuple[str, str]], logs: NDArray[np.float64], compared: NDArray[np.float64]
) -> list[RankedCandidate]:
    """Candidates and their sequences, with a softmax over ``compared`` as their scores."""
    shares = np.exp(compared - compared.max())
    shares /= shares.sum()
    return [
        {
            "score": float(shares[number]),
            "log_probability": float(logs[number]),
            "candidate": texts[number][0],
            "sequence": texts[number][1],
        }
        for number in np.argsort(-compared, kind="stable").tolist()
    ]
