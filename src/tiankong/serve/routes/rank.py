"""``POST /rank``: candidates for a blank, or whole sentences."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response
from pydantic import Field

from tiankong.model import Model
from tiankong.request.answers import RankedCandidate
from tiankong.serve.routes.route import Handler, Route, Service, answer, as_list
from tiankong.serve.schemas import InferenceRequest, Script, StrictModel, Words


class RankParameters(StrictModel):
    """Words or phrases for the only blank of the input."""

    candidates: Words | None = None
    part_of_word: bool | None = None
    blank: Annotated[str | None, Field(description="How the sentence writes a blank; `__` or `[MASK]` by default.")] = (
        None
    )
    script: Script = None


class RankRequest(InferenceRequest):
    r"""A sentence with one blank and candidates (`\_\_` is `__` as text), or several whole sentences without blanks."""

    inputs: str | list[str]
    parameters: RankParameters | None = None


def handler(service: Service) -> Handler:
    """Returns the function that answers ``/rank``."""
    engine, limits = service.engine, service.limits

    async def rank(request: RankRequest) -> Response:
        """Compare candidates for one blank, or whole sentences."""
        parameters = request.parameters or RankParameters()
        limits.check_sentences(as_list(request.inputs))
        if isinstance(request.inputs, str):
            limits.check_blanks([request.inputs], parameters.blank)
        limits.check_words({"candidate": parameters.candidates or []})
        return await answer(engine, Model.rank, request.inputs, parameters)

    return rank


ROUTE = Route("/rank", handler, list[RankedCandidate])
