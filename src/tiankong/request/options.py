"""The options of a request, checked together so that one message names every problem."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from numbers import Integral
from typing import Any, TypedDict, cast

from tiankong.config import DECODINGS, MOST_THREADS
from tiankong.errors import OptionError
from tiankong.registry.heads import HEADS
from tiankong.request.constraints import Constraints
from tiankong.request.patterns import compile_pattern
from tiankong.request.spelling import spelling
from tiankong.runtime.predictor import Predictor
from tiankong.text.conversion import simplified_constraint
from tiankong.text.normalise import normalise as normalised
from tiankong.text.normalise import surrogate_in
from tiankong.text.script import Script, may_be_in_both


class ConstraintOptions(TypedDict, total=False):
    """Keyword arguments of ``Model.fill``; an answer meets all that are given.

    ``length`` is in characters: a number, or minimum and maximum. ``pattern`` is a regular expression for the whole
    word. ``exclude`` lists words that are no answers.
    """

    starts_with: str | None
    ends_with: str | None
    contains: str | None
    pattern: str | None
    length: int | tuple[int, int] | None
    exclude: Sequence[str]


class ReadingOptions(TypedDict, total=False):
    """Keyword arguments of most methods of ``Model``: how a text writes its blanks, and how it is read."""

    blank: str | None
    script: Script | None


class JointOptions(ConstraintOptions, ReadingOptions, total=False):
    """Keyword arguments of ``Model.joint`` beside ``top_k``."""

    targets: Sequence[str] | None
    part_of_word: bool | None


class FillOptions(JointOptions, total=False):
    """Keyword arguments of ``Model.fill`` beside ``top_k``."""

    decoding: str | None


class CheckOptions(TypedDict, total=False):
    """Keyword arguments of ``Model.check`` beside ``precision``."""

    suggestions: int
    ignore: Collection[str]
    script: Script | None


def check_fill_options(
    predictor: Predictor, top_k: int, most: int, constraints: ConstraintOptions, decoding: str | None = None
) -> Constraints | None:
    """The constraints, ``None`` if there are none.

    :raises OptionError: ``top_k`` is not from 1 to ``most``; ``decoding`` or a constraint is unusable.
    """
    checked, problems = _check_constraints(constraints, predictor)
    if not is_whole(top_k) or not 1 <= top_k <= most:
        problems.append(f"`top_k` must be a whole number from 1 to {most:,}, not {top_k!r}")
    if decoding is not None and decoding not in DECODINGS:
        problems.append(f"`decoding` must be one of {', '.join(DECODINGS)}, not {decoding}")
    elif decoding is not None and decoding not in predictor.folder.manifest.model.head_spec.decodings:
        heads = " or ".join(head.name for head in HEADS.values() if decoding in head.decodings)
        problems.append(f"decoding {decoding} needs a model with head {heads}")
    if problems:
        raise OptionError(problems)
    return checked


def _check_constraints(options: ConstraintOptions, predictor: Predictor) -> tuple[Constraints | None, list[str]]:
    """The constraints of ``options``, written as the words of ``predictor`` are, ``None`` if there are none, and every
    problem with them.
    """
    problems: list[str] = []
    tokenizer = predictor.tokenizer
    normalise = tokenizer.normalise
    read = _read_by(predictor)
    starts_with, ends_with, contains = (
        _text(name, options, read, problems) for name in ("starts_with", "ends_with", "contains")
    )
    # A model that folds case ignores it in patterns, too.
    pattern = None
    expression = _string("pattern", options, problems)
    if expression is not None:
        try:
            pattern = compile_pattern(expression, any_case=normalise("A") == normalise("a"))
        except OptionError as error:
            problems += error.problems
    shortest, longest = _lengths(options.get("length"), problems)
    excluded = options.get("exclude", ())
    if not isinstance(excluded, list | tuple | set | frozenset) or not all(isinstance(word, str) for word in excluded):
        problems.append("`exclude` must be a list of words")
    elif any(surrogate_in(word) is not None for word in excluded):
        problems.append("`exclude` has a word that is not valid Unicode: convert it to UTF-8")
    elif not all(normalise(word) for word in excluded):
        problems.append("`exclude` has an empty word: remove it")
    unknown = sorted(set(options) - set(ConstraintOptions.__annotations__))
    if unknown:
        known = ", ".join(["targets", *ConstraintOptions.__annotations__])
        problems.append(f"unknown constraint {', '.join(unknown)}: the constraints are {known}")
    if problems:
        return None, problems
    # A model of simplified Chinese may know a traditional word, too, and shows both alike.
    as_typed = frozenset(normalised(word, predictor.folder.manifest.prepare.normalisation) for word in excluded)
    words = frozenset(map(normalise, excluded)) | frozenset(map(read, excluded)) | as_typed
    constraints = Constraints(starts_with, ends_with, contains, pattern, shortest, longest, words)
    if constraints == Constraints():
        return None, []
    first, last, inside = (_string(name, options, problems) for name in ("starts_with", "ends_with", "contains"))
    by_spelling = spelling(predictor, first, last, inside, pattern)
    return constraints if by_spelling is None else by_spelling.added_to(constraints), []


def _read_by(predictor: Predictor) -> Callable[[str], str]:
    """How ``predictor`` reads a constraint. To a model of simplified Chinese, a character of both scripts that no word
    has as typed is traditional, whatever the sentence is.
    """
    normalise = predictor.tokenizer.normalise
    if not predictor.tokenizer.converts or predictor.conversions.script != "simplified":
        return normalise

    def read(typed: str) -> str:
        text = normalise(typed)
        if not may_be_in_both(text) or any(text in word for word in predictor.folder.vocabulary.words):
            return text
        return simplified_constraint(text)

    return read


def _string(name: str, options: Mapping[str, Any], problems: list[str]) -> str | None:
    """The option ``name``, ``None`` if it is absent or unusable."""
    value = options.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        problems.append(f"`{name}` must be a string, not {type(value).__name__}")
        return None
    if surrogate_in(value) is not None:
        problems.append(f"`{name}` {value!r} is not valid Unicode: convert it to UTF-8")
        return None
    return value


def _text(name: str, options: Mapping[str, Any], normalise: Callable[[str], str], problems: list[str]) -> str:
    """The option ``name`` normalised, empty if it is absent."""
    value = _string(name, options, problems)
    if value is None:
        return ""
    text = normalise(value)
    if not text:
        problem = f"`{name}` {value!r} has no character that occurs in words" if value.strip() else f"`{name}` is empty"
        problems.append(f"{problem}: remove it, or give characters of the word")
    return text


def parse_length(text: str) -> int | tuple[int, int]:
    """A length as the command line takes it: ``2`` or ``2-4``.

    :raises OptionError: it is neither.
    """
    match = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", text)
    if not match:
        raise OptionError(f"the length {text!r} is not of the form 2 or 2-4")
    return int(match[1]) if match[2] is None else (int(match[1]), int(match[2]))


def _lengths(length: Any, problems: list[str]) -> tuple[int, int]:
    if length is None:
        return Constraints.shortest, Constraints.longest
    lowest, highest = length if isinstance(length, tuple | list) and len(length) == 2 else (length, length)
    if not all(map(is_whole, (lowest, highest))):
        problems.append(f"`length` must be a number, or two: minimum and maximum, not {length!r}")
    elif not 1 <= lowest <= highest:
        problems.append(f"`length` must be at least 1 and its maximum not below its minimum, not {lowest} to {highest}")
    else:
        return lowest, highest
    return Constraints.shortest, Constraints.longest


def check_threads(threads: object) -> None:
    """Checks a number of threads.

    :raises OptionError: it is not a whole number from 0, which means one per processor, to ``MOST_THREADS``.
    """
    if not is_whole(threads) or not 0 <= cast(int, threads) <= MOST_THREADS:
        raise OptionError(f"`threads` must be from 0 (one per processor) to {MOST_THREADS}, not {threads!r}")


def is_whole(number: object) -> bool:
    """Whether ``number`` is an integer, of Python or of NumPy; booleans are not."""
    return isinstance(number, Integral) and not isinstance(number, bool)
