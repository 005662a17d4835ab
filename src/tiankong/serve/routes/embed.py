"""``POST /embed``: context vectors of blanks."""

from __future__ import annotations

from fastapi import Response

from tiankong.model import Model
from tiankong.serve.routes.route import Handler, Route, Service, as_list, json_response
from tiankong.serve.schemas import InferenceRequest, StrictModel


class EmbedParameters(StrictModel):
    """How the sentence writes a blank; `__` or `[MASK]` by default."""

    blank: str | None = None


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
        return json_response(await engine.call(lambda model: _embed(model, request.inputs, parameters.blank)))

    return embed


ROUTE = Route("/embed", handler, EmbeddedSentence | list[EmbeddedSentence])


def _embed(model: Model, inputs: str | list[str], blank: str | None) -> EmbeddedSentence | list[EmbeddedSentence]:
    if isinstance(inputs, str):
        return model.embed(inputs, blank).tolist()  # type: ignore[no-any-return]
    return [vectors.tolist() for vectors in model.embed(inputs, blank)]
