"""The object that stands for the answer to one text: what ``--json`` prints, and a row of an answered file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tiankong.artifact.general_model import ChosenModel, choose_general_model
from tiankong.config import DEFAULT_CLASSIFIER
from tiankong.errors import OptionError, SentenceError
from tiankong.model import Model
from tiankong.request.answers import Answer, CheckedWord, JointAnswer, LabelShare
from tiankong.request.prompts import label_question
from tiankong.request.texts import RETURN
from tiankong.tasks.check import DEFAULT_PRECISION, check
from tiankong.tasks.joint import MOST_BLANKS, MOST_TOGETHER
from tiankong.text.script import AUTO, Script

Record = dict[str, Any]
"""The text as its first field, ``read_as`` if it was converted, and the fields of the answer."""

Best = tuple[list[str], list[float]]
"""The best answers to a text, and their scores."""

READ_AS = "read_as"
ERROR = "error"


@dataclass(frozen=True)
class RecordKind:
    """What one method of :class:`~tiankong.model.Model` gives for a text.

    ``records`` takes a model, texts and the method's options, and returns a record for each text, or what is wrong with
    it. ``fields`` has the types of the answer's fields. ``default_model`` is the model that answers texts with the
    method's options where none is named.
    """

    method: str
    text_field: str
    fields: Mapping[str, Any]
    records: Callable[..., list[Record | SentenceError]]
    best: Callable[[Record], Best] | None = None
    default_model: Callable[[Mapping[str, Any], Iterable[str]], ChosenModel] = lambda _, texts: choose_general_model(
        texts
    )

    def names(self, options: Mapping[str, Any]) -> list[str]:
        """The fields that a record has with these options, always or sometimes, beside the text."""
        return [READ_AS, *(name for name in self.fields if name != _JOINT or options.get(_JOINT, False) is not False)]


_JOINT = "joint"


def fill_records(
    model: Model,
    sentences: Sequence[str],
    top_k: int = 10,
    decoding: str | None = None,
    joint: bool | None = False,
    script: Script = AUTO,
    **options: Any,
) -> list[Record | SentenceError]:
    """As :meth:`Model.fill`; ``blanks`` has a list for each blank. With ``joint``, also fillings of all blanks; if it
    is ``None``, only of several blanks, if any fit.
    """
    if not isinstance(joint, bool | None):
        raise OptionError(f"`joint` must be true, false or none, not {joint!r}")

    def filled(sentence: str, answers: list[Any]) -> Record:
        blanks = answers if answers and isinstance(answers[0], list) else [answers]
        record = {**_read(model, "sentence", sentence, script), "blanks": blanks}
        if 1 < len(blanks) <= MOST_BLANKS if joint is None else joint:
            together = model.joint(sentence, min(top_k, MOST_TOGETHER), script=script, **options)
            if together or joint:
                record[_JOINT] = together
        return record

    given = list(sentences)
    answers = model.fill(given, top_k, decoding=decoding, script=script, on_error=RETURN, **options)
    return _records(given, answers, filled)


def check_records(
    model: Model,
    texts: Sequence[str],
    precision: float = DEFAULT_PRECISION,
    suggestions: int = 3,
    ignore: Collection[str] = (),
    script: Script = AUTO,
    on_read: Callable[[int], None] = lambda _: None,
) -> list[Record | SentenceError]:
    """As :meth:`Model.check`; ``on_read`` is called with the number of characters checked since the last call."""
    answers = check(model.predictor, list(texts), precision, suggestions, ignore, script, on_read, RETURN)
    return _records(texts, answers, lambda text, words: {**_read(model, "sentence", text, script), "words": words})


def classify_records(
    model: Model,
    texts: Sequence[str],
    prompts: Sequence[str] | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
    blank: str | None = None,
    script: Script = AUTO,
) -> list[Record | SentenceError]:
    """As :meth:`Model.classify`."""
    given = list(texts)
    answers = model.classify(given, prompts, labels, blank=blank, script=script, on_error=RETURN)
    return _records(given, answers, lambda text, shares: {**_read(model, "text", text, script), "labels": shares})


def embed_records(
    model: Model, sentences: Sequence[str], blank: str | None = None, script: Script = AUTO
) -> list[Record | SentenceError]:
    """As :meth:`Model.embed`; numbers have six digits after the point."""

    def rounded(sentence: str, vectors: Any) -> Record:
        numbers = [[round(number, 6) for number in vector] for vector in vectors.tolist()]
        return {**_read(model, "sentence", sentence, script), "vectors": numbers}

    given = list(sentences)
    return _records(given, model.embed(given, blank, script, on_error=RETURN), rounded)


def _records(
    texts: Sequence[str], answers: Sequence[Any], record: Callable[[str, Any], Record]
) -> list[Record | SentenceError]:
    def recorded(text: str, answer: Any) -> Record | SentenceError:
        if isinstance(answer, SentenceError):
            return answer
        try:
            return record(text, answer)
        except SentenceError as error:
            return error

    return list(map(recorded, texts, answers))


def _read(model: Model, field: str, text: str, script: Script) -> Record:
    read_as = model.read_as(text, script)
    return {field: text} if read_as is None else {field: text, READ_AS: read_as}


def _best_filling(record: Record) -> Best:
    """The best word for each blank, or the words of the best filling of all."""
    if record.get(_JOINT):
        best = record[_JOINT][0]
        return best["token_strs"], [best["score"]]
    answers = [answers[0] for answers in record["blanks"] if answers]
    return [answer["token_str"] for answer in answers], [answer["score"] for answer in answers]


def _flagged(record: Record) -> Best:
    """The words that do not fit."""
    words = [word for word in record["words"] if not word["fits"]]
    return [word["word"] for word in words], [word["misfit"] for word in words]


def _best_label(record: Record) -> Best:
    label = record["labels"][0]
    return [label["label"]], [label["score"]]


def classifying_model(options: Mapping[str, Any], _: Iterable[str] = ()) -> ChosenModel:
    """The model that classifies where none is named: a classifier, or with prompts the general model of their language.

    :raises OptionError: prompts or labels are unusable.
    """
    if not (options.get("prompts") or options.get("labels")):
        return ChosenModel(DEFAULT_CLASSIFIER)
    question = label_question(options.get("prompts"), options.get("labels"), options.get("blank"))
    return choose_general_model([question.text])


_ROWS = (
    RecordKind(
        "fill", "sentence", {"blanks": list[list[Answer]], _JOINT: list[JointAnswer]}, fill_records, _best_filling
    ),
    RecordKind("check", "sentence", {"words": list[CheckedWord]}, check_records, _flagged),
    RecordKind(
        "classify",
        "text",
        {"labels": list[LabelShare]},
        classify_records,
        _best_label,
        default_model=classifying_model,
    ),
    RecordKind("embed", "sentence", {"vectors": list[list[float]]}, embed_records),
)

RECORD_KINDS = {row.method: row for row in _ROWS}
"""Every kind by the method, which is also the command."""
