"""``explain``: the influence of each word of the context on an answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import OptionError
from tiankong.request.allowed_answers import AllowedAnswers
from tiankong.request.answers import ContextWord, Explanation
from tiankong.request.candidates import parse_candidates
from tiankong.request.options import is_whole
from tiankong.request.queries import Query, parse_query, placed_tokens
from tiankong.runtime.decoding import best, excluded
from tiankong.runtime.predictor import Predictor
from tiankong.text.blank_forms import blank_form
from tiankong.text.network_input import Ints
from tiankong.text.script import AUTO
from tiankong.text.vocabulary import BLANK

NEAREST = 32
"""Words on each side of the blank whose influence is measured; that of farther words is negligible."""


def explain(
    predictor: Predictor,
    sentence: str,
    word: str | None = None,
    blank: int = 0,
    part_of_word: bool | None = None,
    blank_text: str | None = None,
    script: str = AUTO,
) -> Explanation:
    """The best word for blank number ``blank``, or ``word``, and the influence of the words around it.
    ``blank_text`` is how the sentence writes its blanks. What stands right beside the blank is a word of its own unless
    ``part_of_word`` says otherwise.

    Leave-one-out (Li et al. 2016, section 3): a word's influence is how much the probability falls when a blank
    replaces it, so it is negative if the word makes the answer less likely.

    :raises SentenceError: as ``fill``.
    :raises OptionError: there is no such blank; ``word`` is not a single word, or lacks the prefix or suffix of the
        blank's word; ``blank_text`` is unusable.
    """
    query = parse_query(sentence, predictor, part_of_word, blank_form(blank_text), script)
    predictor = query.reader
    blanks = len(query.affixes)
    if not is_whole(blank) or not 0 <= blank < blanks:
        numbers = f"from 0 to {blanks - 1}" if blanks > 1 else "0, the only one"
        raise OptionError(f"blank must be {numbers} in this sentence, not {blank!r}")
    if word is not None and not isinstance(word, str):
        raise OptionError(f"word must be a string, not {type(word).__name__}")
    candidates = None if word is None else parse_candidates([word], predictor)
    allowed_answers = AllowedAnswers(candidates, None, predictor)
    if allowed_answers.phrases:
        raise OptionError(f"{word!r} is a phrase: give a single word")
    reading = allowed_answers.reading()
    ids = reading.ids(query.tokens)
    blank_at = np.flatnonzero(ids == BLANK)[blank]
    (whole,) = reading.windows(ids, np.array([blank_at]))
    whole = whole.cut_out()
    place = int(whole.targets[0])
    near = range(max(1, place - NEAREST), min(len(whole.ids) - 1, place + NEAREST + 1))
    replaced = [other for other in near if whole.ids[other] != BLANK]
    windows = [whole, *(whole._replace(ids=_blanked(whole.ids, other)) for other in replaced)]
    rows = [prediction.log_probabilities for prediction in reading.predictions(windows)]
    allowed = allowed_answers.allowed(reading, *query.affixes[blank])
    answers = best(rows[0] if allowed is None else np.where(allowed, rows[0], excluded(rows[0])), 1)
    if not len(answers):
        raise OptionError(f"no word of the form {'…'.join(query.affixes[blank])}, which the blank requires, is known")
    answer = int(answers[0])
    score, *without = (float(np.exp(row[answer])) for row in rows)
    places = (other + int(blank_at) - place for other in replaced)  # in the whole sentence
    influences = dict(zip(places, (score - other for other in without), strict=True))
    return {
        "token_str": query.written([reading.word(answer)], blank)[0] if word is None else word,
        "score": score,
        "context": _context(query, influences, predictor),
    }


def _blanked(ids: Ints, place: int) -> NDArray[np.int64]:
    copy = ids.copy()
    copy[place] = BLANK
    return copy


def _context(query: Query, influences: dict[int, float], predictor: Predictor) -> list[ContextWord]:
    words: list[ContextWord] = []
    place = 0
    for token, start, end in placed_tokens(query.sentence, predictor.tokenizer):
        reads = token is None or predictor.reads(token)
        place += reads
        if token is not None:
            influence = influences.get(place) if reads else None
            words.append({"word": query.sentence.text[start:end], "start": start, "end": end, "influence": influence})
    return words
