"""The parts of a text that are judged, each with the evidence for or against a typing error.

A part is a word of the text, or what a wrong character left of one: segmented, it is often several words, as 封/富 of
丰富. A noisy channel (Shannon 1948; for spelling, Kernighan et al. 1990) tells such a part from a rare word: was a word
that is one edit away far more probable in this context?
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tiankong.runtime.decoding import Floats, best
from tiankong.runtime.predictor import Predictor
from tiankong.runtime.pseudo_likelihood import predict_words
from tiankong.runtime.reading import Reading
from tiankong.runtime.similar_words import Similar, is_unspelled
from tiankong.text.network_input import Window
from tiankong.text.segment import Token

LEAST_LOG_PROBABILITY = -12.0
"""Similar words count as at least this probable, and none as exactly this."""

MOST_SURPRISE = 20.0
"""Nats that count as evidence: beyond, a quotation is as likely as an error."""

_USUAL_SURPRISE, _USUAL_WORDS = 5.0, 4
"""Each text counts as if it had these words, too: of a short one, the mean says little."""

_LONGEST_WORD = 4
_MOST_TOKENS = 3
_LEAST_SURPRISE = 10.0
"""Nats; tokens that are less surprising together than this are not read as one broken word."""
_LEAST_MEANT = -9.0
"""The log probability that a word must have to be read in place of several tokens."""
_LEAST_GAIN = 4.0
"""Nats by which a similar word must be more probable than the tokens that stand there."""
_NEAREST = 48
"""Tokens on each side of a possible broken word that are read, and parts on each side that tell how surprising the text
is.
"""
_ALIKE = 4.0
"""Nats by which a word that sounds or looks alike goes before another that is one edit away."""
_LEAST_SUGGESTED = -8.0


class Evidence(NamedTuple):
    """The features by which a part is judged, in nats.

    Its negative log probability in its context, the entropy of the distribution over all words there, the log of its
    share among all words of the corpus (of one occurrence, if it is in no vocabulary), the log probabilities of the
    most probable word that sounds or looks alike, and of the most probable other one that is one edit away, and the
    mean surprise of the parts around it: where everything is surprising, the model does not know this kind of text.
    """

    surprise: float
    entropy: float
    frequency: float
    alike: float
    near: float
    context: float


class Better(NamedTuple):
    """What may have been meant in place of a part, and its log probability."""

    text: str
    log_probability: float


class Part(NamedTuple):
    """Tokens ``first`` to ``stop`` (exclusive) of a text; ``known`` is one word of the vocabulary. ``log_probability``
    is that of the string which similar words may replace, ``words`` are those of the tokens.
    """

    first: int
    stop: int
    known: bool
    log_probability: float
    words: tuple[float, ...]
    evidence: Evidence
    better: list[Better]


Wanted = Callable[[Evidence, bool], int]
"""From a part's evidence, except for ``context``, and whether it is a known word to the number of better words that are
needed for it.
"""


class _Span(NamedTuple):
    """Tokens ``first`` to ``stop`` as the words ``before`` and ``after``, either may be empty, and a string between
    them that has ``similar`` words. ``surprise`` is that of the tokens.
    """

    first: int
    stop: int
    before: str
    after: str
    similar: Similar
    surprise: float


def parts_of(
    tokens: Sequence[Token],
    predictor: Predictor,
    wanted: Wanted = lambda *_: 0,
    on_word: Callable[[int], None] = lambda _: None,
) -> list[Part]:
    """Every word of the tokens of a text as a part of its own or of a broken word, in order. ``on_word`` is called with
    the number of each word's token when it has been read.
    """
    words: dict[int, Part] = {}
    for word in _words(tokens, predictor, wanted):
        words[word.first] = word
        on_word(word.first)
    part_at = dict(words)
    spans = _spans(tokens, words, predictor)
    found = [
        part
        for part in _broken(tokens, spans, predictor, wanted)
        if max(part.evidence.alike, part.evidence.near) >= _LEAST_MEANT and _gain(part) >= _LEAST_GAIN
    ]
    for part in sorted(found, key=_gain, reverse=True):
        numbers = range(part.first, part.stop)
        is_free = all(part_at[number] is words[number] for number in numbers)
        if is_free and _gain(part) > max(_gain(words[number]) for number in numbers):
            log_probabilities = tuple(words[number].log_probability for number in numbers)
            part_at.update(dict.fromkeys(numbers, part._replace(words=log_probabilities)))
    parts = [part for number, part in sorted(part_at.items()) if number == part.first]
    return _in_context(parts)


def _in_context(parts: list[Part]) -> list[Part]:
    """The parts with the mean surprise of those around them."""
    sums = np.cumsum([0.0, *(part.evidence.surprise for part in parts)])
    placed = []
    for number, part in enumerate(parts):
        start, stop = max(0, number - _NEAREST), min(len(parts), number + 1 + _NEAREST)
        total = float(sums[stop] - sums[start]) - part.evidence.surprise + _USUAL_WORDS * _USUAL_SURPRISE
        context = total / (stop - start - 1 + _USUAL_WORDS)
        placed.append(part._replace(evidence=part.evidence._replace(context=context)))
    return placed


def _gain(part: Part) -> float:
    """By how many nats a similar word is more probable than a part."""
    return max(part.evidence.alike, part.evidence.near) - part.log_probability


def _words(tokens: Sequence[Token], predictor: Predictor, wanted: Wanted) -> Iterator[Part]:
    """Each word as a part."""
    vocabulary = predictor.folder.vocabulary
    total = float(vocabulary.counts.sum())
    for predicted in predict_words([token.text for token in tokens], predictor):
        logs, answer = predicted.prediction.log_probabilities, predicted.answer
        word = tokens[predicted.number].text
        similar, known = predictor.similar_words.similar(word), predictor.knows(word)
        count = max(1, int(vocabulary.counts[answer])) if answer < len(vocabulary) else 1
        evidence = _evidence(logs, float(logs[answer]), float(np.log(count / total)), similar)
        better = []
        if (count := wanted(evidence, known)) > 0:
            better = _better(logs, similar, known, count, predicted.reading.word, answer)
        yield Part(
            predicted.number, predicted.number + 1, known, float(logs[answer]), (float(logs[answer]),), evidence, better
        )


def _spans(tokens: Sequence[Token], words: dict[int, Part], predictor: Predictor) -> list[_Span]:
    """What may be broken words: a few adjacent tokens, surprising together, one of them unknown or one character."""
    spans: list[_Span] = []
    for first in words:
        surprise = 0.0
        is_candidate = False
        for number in range(first, min(first + _MOST_TOKENS, len(tokens))):
            token = tokens[number]
            adjacent = number == first or token.start == tokens[number - 1].end
            if number not in words or not adjacent or not is_unspelled(token.text):
                break
            surprise -= words[number].log_probability
            is_candidate = is_candidate or len(token.text) == 1 or not words[number].known
            if is_candidate and surprise >= _LEAST_SURPRISE:
                spans += _cut([token.text for token in tokens[first : number + 1]], first, surprise, predictor)
    most = 4 + len(words) // 2
    return sorted(spans, key=lambda span: -span.surprise)[:most]


def _cut(texts: list[str], first: int, surprise: float, predictor: Predictor) -> Iterator[_Span]:
    """Every way to read these tokens as a string with similar words, and a known word or nothing on either side."""
    vocabulary = predictor.folder.vocabulary
    text = "".join(texts)
    for start in range(len(texts[0])):
        for end in range(max(start + 2, len(text) - len(texts[-1]) + 1), min(start + _LONGEST_WORD, len(text)) + 1):
            before, after = text[:start], text[end:]
            is_word = len(texts) == 1 and not before and not after
            if is_word or any(side and side not in vocabulary for side in (before, after)):
                continue
            similar = predictor.similar_words.similar(text[start:end])
            if similar.alike.any() or (len(similar.words) and not before and not after):
                yield _Span(first, first + len(texts), before, after, similar, surprise)


def _broken(tokens: Sequence[Token], spans: Sequence[_Span], predictor: Predictor, wanted: Wanted) -> Iterator[Part]:
    """Each span as a part. What was cut off on its sides is no part of it."""
    if not spans:
        return
    reading = Reading(predictor)
    texts = [token.text if predictor.reads(token.text) else "" for token in tokens]
    predictions = reading.predictions([_window(span, texts, reading) for span in spans])
    frequency = -float(np.log(predictor.folder.vocabulary.counts.sum()))
    for span in spans:
        surprise = span.surprise
        if span.before:
            surprise += float(next(predictions).log_probabilities[reading.answer_id(span.before)])
        logs = next(predictions).log_probabilities
        if span.after:
            surprise += float(next(predictions).log_probabilities[reading.answer_id(span.after)])
        evidence = _evidence(logs, -surprise, frequency, span.similar)
        better = []
        if (count := wanted(evidence, False)) > 0:
            better = [
                Better(f"{span.before}{text}{span.after}", log_probability)
                for text, log_probability in _better(logs, span.similar, False, count, reading.word)
            ]
        yield Part(span.first, span.stop, False, -surprise, (), evidence, better)


def _window(span: _Span, texts: list[str], reading: Reading) -> Window:
    """The text around a span, a blank in its place; the words beside the blank that were cut off are predicted, too."""
    left = [*texts[max(0, span.first - _NEAREST) : span.first], span.before]
    right = [span.after, *texts[span.stop : span.stop + _NEAREST]]
    ids = reading.ids([*filter(None, left), None, *filter(None, right)])
    blank = 1 + sum(map(bool, left))
    targets = np.arange(blank - bool(span.before), blank + 1 + bool(span.after))
    return Window(ids, 1, len(ids) - 1, targets)


def entropy(logs: Floats) -> float:
    """Of the distribution with the log probabilities ``logs`` (R,)."""
    return -float(np.dot(np.exp(logs), np.maximum(logs, np.float32(-200))))  # not 0 · -inf


def _evidence(logs: Floats, log_probability: float, frequency: float, similar: Similar) -> Evidence:
    """Of a part with this log probability, where the words have the log probabilities ``logs`` (R,)."""
    rows = logs[similar.words]
    return Evidence(
        min(-log_probability, MOST_SURPRISE),
        entropy(logs),
        frequency,
        float(rows[similar.alike].max(initial=LEAST_LOG_PROBABILITY)),
        float(rows[~similar.alike].max(initial=LEAST_LOG_PROBABILITY)),
        0.0,
    )


def _better(
    logs: Floats, similar: Similar, known: bool, count: int, word: Callable[[int], str], answer: int = -1
) -> list[Better]:
    """Probable similar words first, those that are alike before others, then the most probable words of all.

    In place of a known word, similar words must be alike to come first.
    """
    rows = logs[similar.words]
    likely = rows >= _LEAST_SUGGESTED
    if known:
        likely &= similar.alike
    order = np.argsort(-(rows + _ALIKE * similar.alike), kind="stable")
    first = [int(similar.words[place]) for place in order if likely[place]]
    others = [number for number in best(logs, count + 1 + len(first)).tolist() if number not in {*first, answer}]
    return [Better(word(number), float(logs[number])) for number in [*first, *others][:count]]
