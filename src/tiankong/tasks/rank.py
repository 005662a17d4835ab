"""Candidates compared with each other: for a blank, or whole sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import OptionError, SentenceError, in_which
from tiankong.request.answers import RankedCandidate
from tiankong.request.candidates import oov_words, parse_candidates
from tiankong.request.constraints import affixed
from tiankong.request.queries import parse_query
from tiankong.runtime.predictor import Predictor, Reading
from tiankong.runtime.pseudo_likelihood import predict_words
from tiankong.tasks.joint import phrase_log_probabilities
from tiankong.text.blanks import check_whole_text


def rank_candidates(
    sentence: str, candidates: Sequence[str], part_of_word: bool | None, predictor: Predictor
) -> list[RankedCandidate]:
    """``candidates`` for the one blank of ``sentence``, best first.

    A word is as likely as ``fill`` says. A phrase's probability is that of its words given how many there are.

    :raises SentenceError: as ``fill``, and more than one blank.
    :raises OptionError: the candidates; two are the same; one does not have what is given of the blank's word.
    """
    query = parse_query(sentence, predictor, part_of_word)
    if len(query.affixes) > 1:
        raise SentenceError(f"the sentence has {len(query.affixes)} blanks: rank compares candidates for one")
    parsed = parse_candidates(candidates, predictor, all_different=True)
    given = affixed(*query.affixes[0])
    for candidate in parsed:
        if not given.allow(candidate.normalised):
            whole = "…".join(query.affixes[0])
            raise OptionError(f"the candidate {candidate.text!r} is not of the form {whole}, which the blank asks for")
    reading = Reading(predictor, predictor.oov_words(oov_words(parsed, predictor)))
    (row,) = (found.log_probabilities for found in reading.predictions([query.window(reading)]))
    phrases = [candidate.words for candidate in parsed if len(candidate.words) > 1]
    of_phrases = iter(phrase_log_probabilities(phrases, *query.around(0), reading))
    logs = np.array(
        [
            float(row[reading.answer_id(candidate.words[0])]) if len(candidate.words) == 1 else next(of_phrases)
            for candidate in parsed
        ]
    )
    return _ranked([(candidate.text, query.filled([candidate.text])) for candidate in parsed], logs, logs)


def rank_sentences(sentences: Sequence[str], predictor: Predictor) -> list[RankedCandidate]:
    """Whole ``sentences``, best first, by pseudo-log-likelihood (Salazar et al. 2020, section 2): the sum over words of
    their log probability given all others.

    A longer sentence has more to pay for, so sums are taken as if all had the mean number of words.

    :raises SentenceError: not two sentences at least; one with a blank, without a word, or given twice; all but the
        first are single words, so that a blank was forgotten.
    """
    if not isinstance(sentences, Sequence):
        raise SentenceError(f"give a list of sentences, not {type(sentences).__name__}")
    rows = {}
    for number, sentence in enumerate(sentences, start=1):
        with in_which(f"sentence {number}"):
            check_whole_text(sentence)
            if sentence in rows:
                raise SentenceError("it was given before: leave it out")
            rows[sentence] = _words(sentence, predictor)
    if len(rows) < 2:
        raise SentenceError("give two sentences at least, or one with a blank and candidates for it")
    lengths = [len(row) for row in rows.values()]
    if lengths[0] > 1 and set(lengths[1:]) == {1}:
        raise SentenceError(
            "the first sentence has no blank and the others are single words: write __ in it where they should stand"
        )
    sums = np.array([sum(row) for row in rows.values()])
    counts = np.array(lengths)
    return _ranked([(sentence, sentence) for sentence in rows], sums, sums / counts * counts.mean())


def _words(sentence: str, predictor: Predictor) -> list[float]:
    """Log probability of every word of a sentence given all others.

    :raises SentenceError: the sentence.
    """
    predicted = predict_words(predictor.tokenizer.tokens(sentence), predictor)
    logs = [float(found.prediction.log_probabilities[found.answer]) for found in predicted]
    if not logs:
        raise SentenceError("there is no word that the model can judge: write more")
    return logs


def _ranked(
    texts: Sequence[tuple[str, str]], logs: NDArray[np.float64], compared: NDArray[np.float64]
) -> list[RankedCandidate]:
    """Candidates and their sequences by what is compared, natural logarithms whose exponentials get shares of one."""
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
