"""tiankong (填空): missing words filled in from context by a bidirectional recurrent network.

>>> model = tiankong.load("my-model")
>>> model.fill("外套做工__，穿着很暖和", top_k=3)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiankong.version import VERSION as __version__

if TYPE_CHECKING:
    from tiankong.model import Model, load
    from tiankong.request.answers import (
        Answer,
        CheckedWord,
        ContextWord,
        Explanation,
        JointAnswer,
        LabelShare,
        RankedCandidate,
        SegmentedWord,
        Suggestion,
    )

__all__ = [
    "Answer",
    "CheckedWord",
    "ContextWord",
    "Explanation",
    "JointAnswer",
    "LabelShare",
    "Model",
    "RankedCandidate",
    "SegmentedWord",
    "Suggestion",
    "__version__",
    "load",
]


def __getattr__(name: str) -> Any:
    # ONNX Runtime and numpy are loaded when a model is, not when this package is.
    if name in {"Model", "load"}:
        from tiankong import model  # noqa: PLC0415

        return getattr(model, name)
    if name in __all__:
        from tiankong.request import answers  # noqa: PLC0415

        return getattr(answers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
