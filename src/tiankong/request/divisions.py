"""What stands right beside a blank, divided into what may be part of its word and the words next to that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tiankong.runtime.predictor import Predictor
from tiankong.runtime.word_boundaries import Division
from tiankong.runtime.word_parts import LONGEST_PART
from tiankong.text.language import is_unspaced
from tiankong.text.segment import Token


def divisions_before(part: str, tokens: Sequence[Token], predictor: Predictor) -> tuple[Division, ...]:
    """The ways of dividing the end of ``part``, whose ``tokens`` these are, before a blank: a side of ``Beside``."""
    nearest: list[str] = []
    end = len(part)
    for token in reversed(tokens[-LONGEST_PART:]):
        if token.end != end or not _may_belong(token):
            break
        nearest.append(token.text)
        end = token.start
    divisions = [Division("", tuple(reversed(nearest)))]
    for number, word, length in _cuts(nearest):
        rest = _tokens(word[:-length], word, predictor)
        if rest is not None:
            joined = "".join(reversed(nearest[:number]))
            tokens_left = (*reversed(nearest[number + 1 :]), *rest)
            divisions.append(Division(word[-length:] + joined, tokens_left, word if rest else "", rest))
    return tuple(divisions)


def divisions_after(tokens: Sequence[Token], predictor: Predictor) -> tuple[Division, ...]:
    """The ways of dividing the beginning of a part, whose ``tokens`` these are, behind a blank."""
    nearest: list[str] = []
    start = 0
    for token in tokens[:LONGEST_PART]:
        if token.start != start or not _may_belong(token):
            break
        nearest.append(token.text)
        start = token.end
    divisions = [Division("", tuple(nearest))]
    for number, word, length in _cuts(nearest):
        rest = _tokens(word[length:], word, predictor)
        if rest is not None:
            joined = "".join(nearest[:number])
            tokens_left = (*rest, *nearest[number + 1 :])
            divisions.append(Division(joined + word[:length], tokens_left, word if rest else "", rest))
    return tuple(divisions)


def _may_belong(token: Token) -> bool:
    """Whether a token may be part of the word beside it: it is typed in a script without spaces."""
    return len(token.text) == token.end - token.start and all(map(is_unspaced, token.text))


def _cuts(nearest: Sequence[str]) -> Iterator[tuple[int, str, int]]:
    """Where a part of the blank's word may end, nearest first: behind so many whole words and so many characters of
    the next one, all of which may belong to it.
    """
    typed = 0
    for number, word in enumerate(nearest):
        for length in range(1, min(len(word), LONGEST_PART - typed) + 1):
            yield number, word, length
        typed += len(word)


def _tokens(text: str, word: str, predictor: Predictor) -> tuple[str, ...] | None:
    """The tokens of what is left of ``word``; ``None`` where it is not to be cut: users' own words stay whole."""
    if not text:
        return ()
    if word in predictor.added_words.words:
        return None
    tokens = tuple(predictor.tokenizer.tokens(text))
    return tokens if "".join(tokens) == text else None
