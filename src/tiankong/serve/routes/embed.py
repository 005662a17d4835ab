"""``POST /embed``: context vectors of blanks."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from tiankong.model import Model
from tiankong.serve.routes.route import Handler, Route, Service, answer, as_list
from tiankong.serve.schemas import InferenceRequest, Script, StrictModel


class EmbedParameters(StrictModel):
    """How the sentence writes a blank, `__` or `[MASK]` by default, and how it is read."""

    blank: str | None = None
    script: Script = None


class EmbedRequest(InferenceRequest):
    r"""A sentence with blanks (`__` or `[MASK]`), or several; `\_\_` is `__` as text."""

    inputs: str | list[str]
    parameters: EmbedParameters | None = None


EmbeddedSentence = list[list[float]]
"""A vector for each blank of a sentence."""


def handler(service: Service) -> Handler:
    """Returns the function that answers ``/embed``."""
    engine, limits = service.engine, service.limits

    async def embed(request: EmbedRequest) -> Response:
        """The context vector of each blank of a sentence, or of each of several, a list of vectors for each."""
        parameters = request.parameters or EmbedParameters()
        limits.check_sentences(as_list(request.inputs))
        limits.check_blanks(as_list(request.inputs), parameters.blank)
        return await answer(engine, _embed, request.inputs, parameters)

    return embed


ROUTE = Route("/embed", handler, EmbeddedSentence | list[EmbeddedSentence])


def _embed(model: Model, inputs: str | list[str], **options: Any) -> EmbeddedSentence | list[EmbeddedSentence]:
    if isinstance(inputs, str):
        return model.embed(inputs, **options).tolist()  # type: ignore[no-any-return]
    return [vectors.tolist() for vectors in model.embed(inputs, **options)]
