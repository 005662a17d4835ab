"""``POST /classify``: the labels of texts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Response
from pydantic import Field

from tiankong.model import Model
from tiankong.request.answers import LabelShare
from tiankong.serve.problems import NoClassifier
from tiankong.serve.routes.route import COMMON_ERRORS, Handler, Route, Service, answer, as_list
from tiankong.serve.schemas import InferenceRequest, Script, StrictModel, Words


class ClassifyParameters(StrictModel):
    """Prompts, each with `{text}` and one blank, and for each label the words that indicate it there; neither for a
    model trained on labels.
    """

    prompts: Words | None = None
    labels: dict[str, Words] | None = None
    blank: Annotated[str | None, Field(description="How the prompts write a blank; `__` or `[MASK]` by default.")] = (
        None
    )
    script: Script = None


class ClassifyRequest(InferenceRequest):
    """A text, or several."""

    inputs: str | list[str]
    parameters: ClassifyParameters | None = None


def handler(service: Service) -> Handler:
    """Returns the function that answers ``/classify``."""
    engine, limits = service.engine, service.limits

    async def classify(request: ClassifyRequest) -> Response:
        """The labels of a text, or of each of several, a list for each: the labels that the model was trained on, or
        those in the parameters, scored by the words that would fill the prompts.
        """
        limits.check_sentences(as_list(request.inputs), "text")
        parameters = request.parameters or ClassifyParameters()
        prompts, labels = parameters.prompts, parameters.labels
        if prompts is None and labels is None and not engine.served.model.labels:
            raise NoClassifier(
                f"the model {engine.served.name} was not trained to classify: give prompts and labels in parameters"
            )
        limits.check_words({"prompt": prompts or []})
        limits.check_words({"label word": [word for words in (labels or {}).values() for word in words]})
        return await answer(engine, _classify, request.inputs, parameters)

    return classify


ROUTE = Route("/classify", handler, list[list[LabelShare]], errors=COMMON_ERRORS | {404})


def _classify(model: Model, inputs: str | list[str], **options: Any) -> list[list[LabelShare]]:
    return [model.classify(inputs, **options)] if isinstance(inputs, str) else model.classify(inputs, **options)
