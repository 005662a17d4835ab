"""Candidates compared with each other: for a blank, or whole sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import SentenceError
from tiankong.inference.answers import RankedCandidate
from tiankong.inference.candidates import Candidate, new_words, parse_candidates
from tiankong.inference.joint import candidate_log_probability
from tiankong.inference.predictor import Predictor, Reading
from tiankong.inference.queries import parse_query
from tiankong.inference.word_by_word import predict_words
from tiankong.text.blanks import check_text, has_blank


def rank_candidates(sentence: str, candidates: Sequence[str], predictor: Predictor) -> list[RankedCandidate]:
    """``candidates`` for the one blank of ``sentence``, best first.

    A word is as likely as ``fill`` says. A phrase's probability is that of its words given how many there are.

    :raises SentenceError: as ``fill``, and more than one blank.
    :raises OptionError: the candidates.
    """
    query = parse_query(sentence, predictor)
    if len(query.sentence.blanks) > 1:
        raise SentenceError(f"the sentence has {len(query.sentence.blanks)} blanks: rank compares candidates for one")
    parsed = parse_candidates(candidates, predictor)
    reading = Reading(predictor, new_words(parsed, predictor))
    (row,) = (found.log_probabilities for found in reading.predictions([query.window(reading)]))
    before, after = query.around(0)

    def log_probability(candidate: Candidate) -> float:
        if len(candidate.words) == 1:
            return float(row[reading.answer_id(candidate.words[0])])
        return candidate_log_probability(candidate.words, before, after, reading)

    logs = np.array([log_probability(candidate) for candidate in parsed])
    sequences = [query.sentence.filled(0, candidate.text) for candidate in parsed]
    return _ranked([candidate.text for candidate in parsed], sequences, logs, _shares(logs))


def rank_sentences(sentences: Sequence[str], predictor: Predictor) -> list[RankedCandidate]:
    """Whole ``sentences``, best first, by pseudo-log-likelihood (Salazar et al. 2020, section 2): the sum over words of
    their log probability given all others.

    A longer sentence has more to pay for, so sums are taken as if all had the mean number of words.

    :raises SentenceError: not two sentences at least; one with a blank, or without a word.
    """
    if not isinstance(sentences, Sequence):
        raise SentenceError(f"give a list of sentences, not {type(sentences).__name__}")
    rows = {sentence: _words(sentence, number, predictor) for number, sentence in enumerate(sentences, start=1)}
    if len(rows) < 2:
        raise SentenceError("give two different sentences at least, or one with a blank and candidates for it")
    sums = np.array([sum(row) for row in rows.values()])
    counts = np.array([len(row) for row in rows.values()])
    return _ranked(list(rows), list(rows), sums, _shares(sums / counts * counts.mean()))


def _words(sentence: str, number: int, predictor: Predictor) -> list[float]:
    """Log probability of every word of a sentence given all others.

    :raises SentenceError: the sentence, by its ``number``.
    """
    try:
        check_text(sentence)
    except SentenceError as error:
        raise SentenceError(f"sentence {number}: {error}") from None
    if has_blank(sentence):
        raise SentenceError(f"sentence {number} has a blank: give sentences without, or one with candidates for it")
    predicted = predict_words(predictor.tokenizer.tokens(sentence), predictor)
    logs = [float(found.prediction.log_probabilities[found.answer]) for found in predicted]
    if not logs:
        raise SentenceError(f"sentence {number} has no word that the model can judge")
    return logs


def _shares(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities that sum to one."""
    shares = np.exp(logs - logs.max())
    return np.asarray(shares / shares.sum())


def _ranked(
    texts: Sequence[str], sequences: Sequence[str], logs: NDArray[np.float64], shares: NDArray[np.float64]
) -> list[RankedCandidate]:
    order = np.argsort(-shares, kind="stable").tolist()
    return [
        {
            "score": float(shares[number]),
            "log_probability": float(logs[number]),
            "candidate": texts[number],
            "sequence": sequences[number],
        }
        for number in order
    ]
