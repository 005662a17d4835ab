"""``POST /explain``: how each word of the context influences an answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response
from pydantic import Field

from tiankong.model import Model
from tiankong.request.answers import Explanation
from tiankong.serve.routes.route import Handler, Route, Service, answer
from tiankong.serve.schemas import InferenceRequest, Script, StrictModel


class ExplainParameters(StrictModel):
    """The blank, counted from 0, and the answer to explain; the best one by default."""

    word: str | None = None
    blank: int = 0
    part_of_word: bool | None = None
    blank_text: Annotated[
        str | None, Field(description="How the sentence writes a blank; `__` or `[MASK]` by default.")
    ] = None
    script: Script = None


class ExplainRequest(InferenceRequest):
    """A sentence with blanks."""

    inputs: str
    parameters: ExplainParameters | None = None


def handler(service: Service) -> Handler:
    """Returns the function that answers ``/explain``."""
    engine, limits = service.engine, service.limits

    async def explain(request: ExplainRequest) -> Response:
        """How each word of the context influences the best answer, or a given one."""
        parameters = request.parameters or ExplainParameters()
        limits.check_sentences([request.inputs])
        limits.check_blanks([request.inputs], parameters.blank_text)
        limits.check_words({"word": [] if parameters.word is None else [parameters.word]})
        return await answer(engine, Model.explain, request.inputs, parameters)

    return explain


ROUTE = Route("/explain", handler, Explanation)
