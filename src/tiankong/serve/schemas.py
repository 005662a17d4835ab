"""The forms of requests, and of answers beside the model's own, which the OpenAPI document shows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tiankong.request.answers import Answer, JointAnswer

Words = list[str]


class _Strict(BaseModel):
    """Nothing unknown, and no type turned into another."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FillParameters(_Strict):
    """What may be asked of answers; all that is given must hold."""

    top_k: Annotated[int | None, Field(description="Answers for each blank; 10 unless given.")] = None
    targets: Annotated[Words | None, Field(description="Only these words or phrases, known or not.")] = None
    starts_with: str | None = None
    ends_with: str | None = None
    contains: str | None = None
    pattern: Annotated[str | None, Field(description="A regular expression for the whole word.")] = None
    length: Annotated[int | list[int] | None, Field(description="Characters: one number, or least and most.")] = None
    exclude: Annotated[Words, Field(description="Words that may not be answers.")] = []
    part_of_word: Annotated[bool | None, Field(description="Letters beside a blank belong to its word.")] = None
    decoding: Annotated[str | None, Field(description="Of codes models: likelihood or distance.")] = None
    joint: Annotated[bool, Field(description="Also fill all blanks of a sentence together.")] = False


class FillRequest(_Strict):
    """A sentence with blanks (`__` or `[MASK]`), or several."""

    inputs: str | list[str]
    parameters: FillParameters | None = None


class RankParameters(_Strict):
    """Words or phrases for the one blank of the input."""

    candidates: Words | None = None
    part_of_word: bool | None = None


class RankRequest(_Strict):
    """A sentence with one blank and candidates, or several whole sentences."""

    inputs: str | list[str]
    parameters: RankParameters | None = None


class CheckParameters(_Strict):
    """How sure the flags should be, and how many better words come with each."""

    precision: float = 0.8
    suggestions: int = 3


class CheckRequest(_Strict):
    """A text, or several."""

    inputs: str | list[str]
    parameters: CheckParameters | None = None


class ClassifyParameters(_Strict):
    """Prompts, each with `{text}` and one blank, and the words that speak for each label there; none of both for a
    model that was trained on labels.
    """

    prompts: Words | None = None
    labels: dict[str, Words] | None = None


class ClassifyRequest(_Strict):
    """A text, or several."""

    inputs: str | list[str]
    parameters: ClassifyParameters | None = None


class ExplainParameters(_Strict):
    """Which answer for which blank, counted from 0; the best one unless a word is given."""

    word: str | None = None
    blank: int = 0
    part_of_word: bool | None = None


class ExplainRequest(_Strict):
    """A sentence with blanks."""

    inputs: str
    parameters: ExplainParameters | None = None


class SegmentRequest(_Strict):
    """A text, with or without blanks."""

    inputs: str


class ReloadRequest(_Strict):
    """Another model's name or folder; the present one's again if none is given."""

    model: str | None = None


class FilledTogether(BaseModel):
    """With `joint`: a list for each blank, and whole fillings."""

    blanks: list[list[Answer]]
    joint: list[JointAnswer]


FilledOne = list[Answer] | list[list[Answer]]
"""Of one sentence: answers for its blank, or for each of its blanks."""

FillAnswer = FilledOne | list[FilledOne] | FilledTogether | list[FilledTogether]


class Error(BaseModel):
    """One sentence, and the word that the metrics count it under."""

    error: str
    reason: str
    request_id: str


class Information(BaseModel):
    """The model that answers, and what may be asked of it at once."""

    model: str
    sha256: str
    version: str
    task: Annotated[Literal["cloze", "classify"], Field(description="Fills blanks, or tells labels apart.")]
    labels: Annotated[Words, Field(description="What it was trained to tell apart.")]
    words: int
    head: str
    segmenter: str
    limits: dict[str, float]
