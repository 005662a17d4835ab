"""``POST /segment``: the words of a text."""

from __future__ import annotations

from fastapi import Response

from tiankong.model import Model
from tiankong.request.answers import SegmentedWord
from tiankong.serve.routes.route import Handler, Route, Service, answer
from tiankong.serve.schemas import InferenceRequest, Script, StrictModel


class SegmentParameters(StrictModel):
    """How the text writes a blank, `__` or `[MASK]` by default, and how it is read."""

    blank: str | None = None
    script: Script = None


class SegmentRequest(InferenceRequest):
    """A text, with or without blanks."""

    inputs: str
    parameters: SegmentParameters | None = None


def handler(service: Service) -> Handler:
    """Returns the function that answers ``/segment``."""
    engine, limits = service.engine, service.limits

    async def segment(request: SegmentRequest) -> Response:
        """The words, marks and blanks of a text, and their positions."""
        parameters = request.parameters or SegmentParameters()
        limits.check_sentences([request.inputs], "text")
        limits.check_blanks([request.inputs], parameters.blank)
        return await answer(engine, Model.segment, request.inputs, parameters)

    return segment


ROUTE = Route("/segment", handler, list[SegmentedWord])
