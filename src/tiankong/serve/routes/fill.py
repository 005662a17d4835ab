"""``POST /fill``: words for blanks."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Response
from pydantic import BaseModel, Field

from tiankong.model import Model
from tiankong.request.answers import Answer, JointAnswer
from tiankong.serve.routes.route import Handler, Route, Service, as_list, json_response, read_as
from tiankong.serve.schemas import InferenceRequest, Script, StrictModel, Words
from tiankong.tasks.joint import MOST_TOGETHER

_TOP_K = 10


class FillParameters(StrictModel):
    """Constraints on the answers; an answer satisfies all of them."""

    top_k: Annotated[int | None, Field(description="Answers for each blank; 10 by default.")] = None
    targets: Annotated[Words | None, Field(description="Only these words or phrases, known or not.")] = None
    starts_with: str | None = None
    ends_with: str | None = None
    contains: str | None = None
    pattern: Annotated[str | None, Field(description="A regular expression that matches the whole word.")] = None
    length: Annotated[
        int | list[int] | None, Field(description="Characters: one number, or the minimum and the maximum.")
    ] = None
    exclude: Words = Field(default=[], description="Words that may not be answers.")
    part_of_word: Annotated[
        bool | None,
        Field(description="Whether letters beside a blank belong to its word; by default, Chinese weighs both."),
    ] = None
    blank: Annotated[str | None, Field(description="How the sentence writes a blank; `__` or `[MASK]` by default.")] = (
        None
    )
    script: Script = None
    decoding: Annotated[str | None, Field(description="For codes models: likelihood or distance.")] = None
    joint: Annotated[bool, Field(description="Also fill all blanks of a sentence together.")] = False


class FillRequest(InferenceRequest):
    r"""A sentence with blanks (`__` or `[MASK]`), or several; `\_\_` is `__` as text."""

    inputs: str | list[str]
    parameters: FillParameters | None = None


class FilledTogether(BaseModel):
    """With `joint`: answers for each blank, and fillings of all blanks."""

    blanks: list[list[Answer]]
    joint: list[JointAnswer]


FilledSentence = list[Answer] | list[list[Answer]]
"""Answers for a sentence's only blank, or for each of its blanks."""

FillAnswer = FilledSentence | list[FilledSentence] | FilledTogether | list[FilledTogether]


def handler(service: Service) -> Handler:
    """Returns the function that answers ``/fill``."""
    engine, limits = service.engine, service.limits

    async def fill(request: FillRequest) -> Response:
        """Rank words for each blank of a sentence, or of each of several."""
        parameters = request.parameters or FillParameters()
        limits.check_sentences(as_list(request.inputs))
        limits.check_blanks(as_list(request.inputs), parameters.blank)
        limits.check_words({"target": parameters.targets or [], "excluded word": parameters.exclude})
        options = parameters.model_dump(exclude={"joint"}, exclude_none=True)
        limits.check_top_k(options.setdefault("top_k", min(_TOP_K, limits.max_top_k)))
        header = read_as(engine, as_list(request.inputs), parameters.script)
        if parameters.joint:
            answers = await engine.call(lambda model: _fill_together(model, request.inputs, options))
            return json_response(answers, header)
        return json_response(await engine.fill(request.inputs, options), header)

    return fill


ROUTE = Route("/fill", handler, FillAnswer)


def _fill_together(model: Model, inputs: str | list[str], options: dict[str, Any]) -> Any:
    """A :class:`FilledTogether` for a sentence, or for each sentence of a list."""
    answers = model.fill(inputs, **options)
    joint_options = {**options, "top_k": min(options["top_k"], MOST_TOGETHER)}
    joint_options.pop("decoding", None)
    fillings = model.joint(inputs, **joint_options)
    if isinstance(inputs, str):
        return _combine(answers, fillings)
    return [_combine(*pair) for pair in zip(answers, fillings, strict=True)]


def _combine(answers: Any, fillings: Any) -> dict[str, Any]:
    has_several_blanks = answers and isinstance(answers[0], list)
    return {"blanks": answers if has_several_blanks else [answers], "joint": fillings}
