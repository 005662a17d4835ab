"""``joint``: the best words for all blanks of a sentence together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from tiankong.errors import SentenceError
from tiankong.request.allowed_answers import AllowedAnswers, allowed_by_reader
from tiankong.request.answers import JointAnswer
from tiankong.request.constraints import Constraints
from tiankong.request.options import ConstraintOptions, check_fill_options
from tiankong.request.queries import Query, parse_queries
from tiankong.request.texts import RAISE, OnError
from tiankong.runtime.joint_probability import JointScorer
from tiankong.runtime.predictor import Predictor
from tiankong.text.blank_forms import blank_form
from tiankong.text.script import AUTO
from tiankong.text.vocabulary import BLANK

MOST_BLANKS = 12
"""The most blanks that are filled together."""

MOST_TOGETHER = 64
"""The most fillings of a sentence: the width of the search grows with them."""

_WIDTH = 8


def joint(
    predictor: Predictor,
    sentences: str | Sequence[str],
    top_k: int = 10,
    targets: Sequence[str] | None = None,
    part_of_word: bool | None = None,
    blank: str | None = None,
    script: str = AUTO,
    on_error: OnError = RAISE,
    **constraints: Unpack[ConstraintOptions],
) -> list[list[JointAnswer] | SentenceError]:
    """The ``top_k`` best fillings of each sentence with single words, as far as the search finds them; with
    ``on_error="return"``, what is wrong with a sentence stands for its fillings.

    :raises SentenceError: a sentence is unusable or has more than :data:`MOST_BLANKS` blanks.
    :raises OptionError: ``top_k``, ``targets``, ``blank``, ``script`` or the constraints are unusable.
    """

    def checked(reader: Predictor) -> Constraints | None:
        return check_fill_options(reader, top_k, MOST_TOGETHER, constraints)

    allowed_answers = allowed_by_reader(targets, checked)
    form = blank_form(blank)
    checked(predictor.reader(script))  # what is wrong with the options comes before what is wrong with a sentence
    queries = parse_queries(sentences, predictor, part_of_word, MOST_BLANKS, form, script, on_error=on_error)
    return [
        query if isinstance(query, SentenceError) else _fillings(query, top_k, allowed_answers(query.reader))
        for query in queries
    ]


def _fillings(query: Query, top_k: int, allowed_answers: AllowedAnswers) -> list[JointAnswer]:
    reading = allowed_answers.reading()
    ids = reading.ids(query.tokens)
    allowed = [allowed_answers.allowed(reading, *affixes) for affixes in query.affixes]
    scorer = JointScorer(reading, ids, np.flatnonzero(ids == BLANK).tolist(), allowed)
    answers: list[JointAnswer] = []
    for filling, log_probability in scorer.search(top_k, max(_WIDTH, top_k)):
        words = [allowed_answers.shown([reading.word(word)], query, blank)[0] for blank, word in enumerate(filling)]
        answers.append({"score": float(np.exp(log_probability)), "token_strs": words, "sequence": query.filled(words)})
    return answers
