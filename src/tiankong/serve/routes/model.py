"""The routes that ask the model."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Response

from tiankong.model import Model
from tiankong.request.answers import (
    CheckedWord,
    Explanation,
    LabelShare,
    RankedCandidate,
    SegmentedWord,
)
from tiankong.serve.engine import Engine
from tiankong.serve.limits import Limits
from tiankong.serve.problems import PROBLEMS, NoClassifier, OverLimit
from tiankong.serve.schemas import (
    CheckParameters,
    CheckRequest,
    ClassifyParameters,
    ClassifyRequest,
    Error,
    ExplainParameters,
    ExplainRequest,
    FillAnswer,
    FillParameters,
    FillRequest,
    RankParameters,
    RankRequest,
    SegmentRequest,
)
from tiankong.tasks.joint import MOST_TOGETHER

PATHS = ("/fill", "/rank", "/check", "/explain", "/segment", "/classify")

_TOP_K = 10

ERRORS: dict[int | str, dict[str, Any]] = {
    problem.status: {"model": Error} for problem in PROBLEMS.values() if problem.status not in {404, 501}
}
"""For the OpenAPI document: what every route may answer beside its own."""


def answering(engine: Engine, limits: Limits) -> APIRouter:
    """Routes over a started engine."""
    router = APIRouter()

    @router.post("/fill", response_model=None, responses=answers(FillAnswer))
    async def fill(request: FillRequest) -> Response:
        """Rank words for each blank of a sentence, or of each of several."""
        parameters = request.parameters or FillParameters()
        sentences = _listed(request.inputs)
        limits.check_sentences(sentences)
        name = "targets and excluded words" if parameters.exclude else "targets"
        limits.check_words(name, [*(parameters.targets or []), *parameters.exclude])
        options = parameters.model_dump(exclude={"joint"}, exclude_none=True)
        limits.check_top_k(options.setdefault("top_k", min(_TOP_K, limits.max_top_k)))
        if parameters.joint:
            return as_json(await engine.ask(lambda model: _together(model, request.inputs, options)))
        return as_json(await engine.fill(request.inputs, options))

    @router.post("/rank", response_model=None, responses=answers(list[RankedCandidate]))
    async def rank(request: RankRequest) -> Response:
        """Compare candidates for one blank, or whole sentences."""
        parameters = request.parameters or RankParameters()
        limits.check_sentences(_listed(request.inputs))
        limits.check_words("candidates", parameters.candidates or [])
        return as_json(
            await engine.ask(lambda model: model.rank(request.inputs, parameters.candidates, parameters.part_of_word))
        )

    @router.post("/check", response_model=None, responses=answers(list[CheckedWord] | list[list[CheckedWord]]))
    async def check(request: CheckRequest) -> Response:
        """Every word's probability in its context, and which don't fit."""
        parameters = request.parameters or CheckParameters()
        limits.check_sentences(_listed(request.inputs))
        limits.check_suggestions(parameters.suggestions)
        return as_json(
            await engine.ask(lambda model: model.check(request.inputs, parameters.precision, parameters.suggestions))
        )

    @router.post("/explain", response_model=None, responses=answers(Explanation))
    async def explain(request: ExplainRequest) -> Response:
        """What each word of the context does for the best answer, or for a given one."""
        parameters = request.parameters or ExplainParameters()
        limits.check_sentences([request.inputs])
        limits.check_words("words", [] if parameters.word is None else [parameters.word])
        return as_json(await engine.ask(lambda model: model.explain(request.inputs, **parameters.model_dump())))

    @router.post("/segment", response_model=None, responses=answers(list[SegmentedWord]))
    async def segment(request: SegmentRequest) -> Response:
        """The words, marks and blanks of a text, and where they stand."""
        limits.check_sentences([request.inputs])
        return as_json(await engine.ask(lambda model: model.segment(request.inputs)))

    @router.post("/classify", response_model=None, responses={**answers(list[list[LabelShare]]), 404: {"model": Error}})
    async def classify(request: ClassifyRequest) -> Response:
        """The labels of a text, or of each of several, a list for each: a trained model's own, or those of the
        parameters by the words that would fit beside a text.
        """
        limits.check_sentences(_listed(request.inputs))
        parameters = request.parameters or ClassifyParameters()
        prompts, labels = parameters.prompts, parameters.labels
        if prompts is None and labels is None:
            if not engine.loaded.model.labels:
                raise NoClassifier(
                    f"the model {engine.loaded.name} was not trained to classify: give prompts and labels in parameters"
                )
            return as_json(await engine.ask(lambda model: _labelled(model, request.inputs)))
        limits.check_words("prompts", prompts or [])
        limits.check_words("words of labels", [word for words in (labels or {}).values() for word in words])
        return as_json(await engine.ask(lambda model: _labelled(model, request.inputs, prompts, labels)))

    return router


def answers(model: Any) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI document: the form of an answer, and of errors."""
    return {200: {"model": model}, **ERRORS}


def as_json(content: Any) -> Response:
    """The content as a response."""
    return Response(msgspec.json.encode(content), media_type="application/json")


def _together(model: Model, inputs: str | list[str], options: dict[str, Any]) -> Any:
    """What :class:`FilledTogether` describes, of one sentence or of each of a list."""
    filled = model.fill(inputs, **options)
    of_all = {**options, "top_k": min(options["top_k"], MOST_TOGETHER)}
    of_all.pop("decoding", None)
    together = model.joint(inputs, **of_all)
    if isinstance(inputs, str):
        return _both(filled, together)
    return [_both(*one) for one in zip(filled, together, strict=True)]


def _both(filled: Any, together: Any) -> dict[str, Any]:
    return {"blanks": filled if filled and isinstance(filled[0], list) else [filled], "joint": together}


def _labelled(model: Model, inputs: str | list[str], *options: Any) -> list[list[LabelShare]]:
    return [model.classify(inputs, *options)] if isinstance(inputs, str) else model.classify(inputs, *options)


def _listed(inputs: str | list[str]) -> list[str]:
    if not inputs and isinstance(inputs, list):
        raise OverLimit("inputs is an empty list: give a sentence at least")
    return [inputs] if isinstance(inputs, str) else inputs
