"""``POST /embed``: context vectors of blanks."""

from __future__ import annotations

from fastapi import Response

from tiankong.model import Model
from tiankong.serve.routes.route import Handler, Route, Service, as_list, json_response
from tiankong.serve.schemas import InferenceRequest


class EmbedRequest(InferenceRequest):
    """A sentence with blanks (`__` or `[MASK]`), or several."""

    inputs: str | list[str]


EmbeddedSentence = list[list[float]]
"""A vector for each blank of a sentence."""


def handler(service: Service) -> Handler:
    """Returns the function that answers ``/embed``."""
    engine, limits = service.engine, service.limits

    async def embed(request: EmbedRequest) -> Response:
        """The context vector of each blank of a sentence, or of each of several, a list of vectors for each."""
        limits.check_sentences(as_list(request.inputs))
        return json_response(await engine.call(lambda model: _embed(model, request.inputs)))

    return embed


ROUTE = Route("/embed", handler, EmbeddedSentence | list[EmbeddedSentence])


def _embed(model: Model, inputs: str | list[str]) -> EmbeddedSentence | list[EmbeddedSentence]:
    if isinstance(inputs, str):
        return model.embed(inputs).tolist()  # type: ignore[no-any-return]
    return [vectors.tolist() for vectors in model.embed(inputs)]
