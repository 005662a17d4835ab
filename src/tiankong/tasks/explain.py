"""What each word of the context does for an answer."""

from __future__ import annotations

import numpy as np

from tiankong.errors import OptionError
from tiankong.request.allowed_answers import AllowedAnswers
from tiankong.request.answers import ContextWord, Explanation
from tiankong.request.candidates import parse_candidates
from tiankong.request.queries import Query, parse_query
from tiankong.request.whole_number import is_whole
from tiankong.runtime.decoding import best
from tiankong.runtime.predictor import Predictor
from tiankong.tasks.segment import pieces
from tiankong.text.vocabulary import BLANK

NEAREST = 32
"""Words on each side of the blank that are left out in turn; what is farther has no influence to speak of."""


def explain(
    sentence: str, word: str | None, blank: int, part_of_word: bool | None, predictor: Predictor
) -> Explanation:
    """The best word for blank number ``blank``, or ``word``, and what the words around do for it.

    Leave-one-out (Li et al. 2016, section 3): a word's influence is by how much the probability falls when a blank
    stands in its place, so it is negative where the word speaks against the answer.

    :raises SentenceError: as ``fill``.
    :raises OptionError: there is no such blank; ``word`` is no single word, or does not have what is given of the
        blank's word.
    """
    query = parse_query(sentence, predictor, part_of_word)
    blanks = len(query.affixes)
    if not is_whole(blank) or not 0 <= blank < blanks:
        numbers = f"from 0 to {blanks - 1}" if blanks > 1 else "0, the only one"
        raise OptionError(f"blank must be {numbers} in this sentence, not {blank!r}")
    if word is not None and not isinstance(word, str):
        raise OptionError(f"word must be a string, not {type(word).__name__}")
    candidates = None if word is None else parse_candidates([word], predictor)
    allowed_answers = AllowedAnswers(candidates, None, predictor)
    if allowed_answers.phrases:
        raise OptionError(f"{word!r} is a phrase: the context of single words is explained")
    reading = allowed_answers.reading()
    window = query.window(reading)
    place = int(window.targets[blank])
    around = [other for other in range(1, len(window.ids) - 1) if 0 < abs(other - place) <= NEAREST]
    left_out = [other for other in around if window.ids[other] != BLANK]
    one = window._replace(targets=np.array([place]))
    windows = [one, *(one._replace(ids=_without(window.ids, other)) for other in left_out)]
    rows = [prediction.log_probabilities for prediction in reading.predictions(windows)]
    allowed = allowed_answers.allowed(reading, *query.affixes[blank])
    found = best(rows[0] if allowed is None else np.where(allowed, rows[0], np.float32(-np.inf)), 1)
    if not len(found):
        raise OptionError(f"no word of the form {'…'.join(query.affixes[blank])} is known, which the blank asks for")
    answer = int(found[0])
    score, *less = (float(np.exp(row[answer])) for row in rows)
    influences = dict(zip(left_out, (score - without for without in less), strict=True))
    return {
        "token_str": reading.word(answer) if word is None else word,
        "score": score,
        "context": _context(query, influences, predictor),
    }


def _without(ids: np.ndarray, place: int) -> np.ndarray:
    copy = ids.copy()
    copy[place] = BLANK
    return copy


def _context(query: Query, influences: dict[int, float], predictor: Predictor) -> list[ContextWord]:
    words: list[ContextWord] = []
    place = 0
    for piece in pieces(query.sentence, predictor.tokenizer):
        place += piece.token is None or predictor.reads(piece.token)
        if piece.token is not None:
            influence = influences.get(place) if predictor.reads(piece.token) else None
            typed = query.sentence.text[piece.start : piece.end]
            words.append({"word": typed, "start": piece.start, "end": piece.end, "influence": influence})
    return words
