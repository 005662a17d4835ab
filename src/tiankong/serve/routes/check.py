"""``POST /check``: words that don't fit their context."""

from __future__ import annotations

from fastapi import Response
from pydantic import Field

from tiankong.model import Model
from tiankong.request.answers import CheckedWord
from tiankong.serve.routes.route import Handler, Route, Service, answer, as_list
from tiankong.serve.schemas import InferenceRequest, Script, StrictModel, Words


class CheckParameters(StrictModel):
    """The precision that flags should have, the number of suggestions for a flagged word, and words not to flag."""

    precision: float = 0.8
    suggestions: int = 3
    ignore: Words = Field(default=[], description="Words and phrases that are never flagged.")
    script: Script = None


class CheckRequest(InferenceRequest):
    """A text, or several."""

    inputs: str | list[str]
    parameters: CheckParameters | None = None


def handler(service: Service) -> Handler:
    """Returns the function that answers ``/check``."""
    engine, limits = service.engine, service.limits

    async def check(request: CheckRequest) -> Response:
        """Every word's probability in its context, and which words don't fit."""
        parameters = request.parameters or CheckParameters()
        limits.check_sentences(as_list(request.inputs), "text")
        limits.check_suggestions(parameters.suggestions)
        limits.check_words({"ignored word": parameters.ignore})
        return await answer(engine, Model.check, request.inputs, parameters)

    return check


ROUTE = Route("/check", handler, list[CheckedWord] | list[list[CheckedWord]])
