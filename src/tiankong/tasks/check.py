"""``check``: words that do not fit their context, with suggestions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from tiankong.errors import OptionError, SentenceError
from tiankong.request.answers import MOST_ANSWERS, CheckedWord, Suggestion
from tiankong.request.ignored_words import IgnoredWords, parse_ignored
from tiankong.request.options import is_whole
from tiankong.request.texts import RAISE, OnError, each
from tiankong.runtime.error_judge import Judge
from tiankong.runtime.parts import Evidence, Part, parts_of
from tiankong.runtime.predictor import Predictor
from tiankong.text.blanks import check_text
from tiankong.text.conversion import NEIGHBOURS
from tiankong.text.script import AUTO
from tiankong.text.typed_forms import begins_sentence

DEFAULT_PRECISION = 0.8
"""The share of flagged words that are errors, unless another is requested."""


def check(
    predictor: Predictor,
    texts: str | Sequence[str],
    precision: float = DEFAULT_PRECISION,
    suggestions: int = 3,
    ignore: Collection[str] = (),
    script: str = AUTO,
    on_read: Callable[[int], None] = lambda _: None,
    on_error: OnError = RAISE,
) -> list[list[CheckedWord] | SentenceError]:
    """Every word of each text; with ``on_error="return"``, what is wrong with a text stands for them. ``on_read`` is
    called with the number of characters checked since the last call.

    :raises SentenceError: as :func:`~tiankong.text.blanks.check_text`.
    :raises OptionError: ``precision``, ``suggestions`` or ``ignore``; the model can't detect errors, or not that
        precisely.
    """
    if not is_whole(suggestions) or not 0 <= suggestions <= MOST_ANSWERS:
        raise OptionError(f"`suggestions` must be a whole number from 0 to {MOST_ANSWERS:,}, not {suggestions!r}")
    ignored = parse_ignored(ignore, predictor.folder.manifest.prepare)
    detection = predictor.folder.error_detection
    if detection is None:
        raise OptionError(f"{predictor.folder.path} was made without what check needs: train or export it again")
    judge = Judge(detection, precision)

    def checked(text: str) -> list[CheckedWord]:
        reader = predictor.reader(script, text)
        return _checked(reader, text, judge, suggestions, ignored, on_read)

    return each(texts, checked, on_error=on_error)


def _checked(
    predictor: Predictor,
    text: str,
    judge: Judge,
    suggestions: int,
    ignored: IgnoredWords,
    on_read: Callable[[int], None],
) -> list[CheckedWord]:
    check_text(text)
    tokens = predictor.tokenizer.located_tokens(text)
    places = ignored.places(text, predictor.tokenizer.converted)
    words: list[CheckedWord] = []
    read = 0

    def advance(number: int) -> None:
        nonlocal read
        on_read(tokens[number].end - read)
        read = tokens[number].end

    def wanted(evidence: Evidence, known: bool) -> int:
        return suggestions if judge.may_flag(evidence, known) else 0

    for part in parts_of(tokens, predictor, wanted, advance):
        misfit, flagged = judge.misfit(part.evidence, part.known), judge.flags(part.evidence, part.known)
        covered = tokens[part.first : part.stop]
        if flagged and any(places.cover(token.start, token.end, known=part.known) for token in covered):
            flagged = False
        start, end = covered[0].start, covered[-1].end
        suggested = _suggestions(part, predictor, text, start, end)
        # What is not flagged stands word by word.
        reported = [(start, end, sum(part.words))]
        if not flagged:
            reported = [(token.start, token.end, word) for token, word in zip(covered, part.words, strict=True)]
        for start, end, log_probability in reported:
            words.append(
                {
                    "word": text[start:end],
                    "start": start,
                    "end": end,
                    "score": float(np.exp(log_probability)),
                    "misfit": misfit,
                    "fits": not flagged,
                    "suggestions": suggested if flagged else [],
                }
            )
    return words


def _suggestions(part: Part, predictor: Predictor, text: str, start: int, end: int) -> list[Suggestion]:
    """Written as people would in ``text``, where the part stands from ``start`` to ``end``."""
    if not part.better:
        return []
    words = predictor.written(
        [better.text for better in part.better],
        text[max(0, start - NEIGHBOURS) : start],
        text[end : end + NEIGHBOURS],
        begins_sentence=predictor.typed_forms.capitalises and begins_sentence(text[:start]),
    )
    return [
        {"token_str": word, "score": float(np.exp(better.log_probability))}
        for word, better in zip(words, part.better, strict=True)
    ]
