"""tiankong (填空): missing words filled in from context by a bidirectional recurrent network.

>>> model = tiankong.load("my-model")
>>> model.fill("外套做工__，穿着很暖和", top_k=3)

A model of your own text, without the command line:

>>> corpus = tiankong.prepare(texts, "prepared")
>>> result = tiankong.train("prepared", "my-model")
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from tiankong.errors import (
    FolderError,
    MissingPackageError,
    OptionError,
    SentenceError,
    SourceError,
    TiankongError,
)
from tiankong.version import VERSION as __version__

if TYPE_CHECKING:
    from tiankong.corpus.prepared import PreparedCorpus
    from tiankong.model import Model, load
    from tiankong.pipeline.answer_file import AnsweredFile, answer_file
    from tiankong.pipeline.answering_work import RowError
    from tiankong.pipeline.evaluate import evaluate
    from tiankong.pipeline.export import export
    from tiankong.pipeline.prepare import prepare
    from tiankong.pipeline.progress import Progress
    from tiankong.pipeline.results import Evaluation, ExportResult, TrainingResult
    from tiankong.pipeline.train import train
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
    "AnsweredFile",
    "CheckedWord",
    "ContextWord",
    "Evaluation",
    "Explanation",
    "ExportResult",
    "FolderError",
    "JointAnswer",
    "LabelShare",
    "MissingPackageError",
    "Model",
    "OptionError",
    "PreparedCorpus",
    "Progress",
    "RankedCandidate",
    "RowError",
    "SegmentedWord",
    "SentenceError",
    "SourceError",
    "Suggestion",
    "TiankongError",
    "TrainingResult",
    "__version__",
    "answer_file",
    "evaluate",
    "export",
    "load",
    "prepare",
    "train",
]

_MODULES = {
    "AnsweredFile": "tiankong.pipeline.answer_file",
    "Evaluation": "tiankong.pipeline.results",
    "ExportResult": "tiankong.pipeline.results",
    "Model": "tiankong.model",
    "PreparedCorpus": "tiankong.corpus.prepared",
    "Progress": "tiankong.pipeline.progress",
    "RowError": "tiankong.pipeline.answering_work",
    "TrainingResult": "tiankong.pipeline.results",
    "answer_file": "tiankong.pipeline.answer_file",
    "evaluate": "tiankong.pipeline.evaluate",
    "export": "tiankong.pipeline.export",
    "load": "tiankong.model",
    "prepare": "tiankong.pipeline.prepare",
    "train": "tiankong.pipeline.train",
}
"""Where a name is defined; the others are answers."""

_NEED_TRAIN = {"export": "exporting", "train": "training"}
"""Names of the ``[train]`` extra, and what they do."""


def _can_train() -> bool:
    return all(find_spec(package) for package in ("torch", "lightning", "onnx"))


def __getattr__(name: str) -> Any:
    # Nothing heavy is loaded before it is needed: ONNX Runtime and numpy when a model is, torch when one is trained.
    if name not in __all__ and name not in _NEED_TRAIN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _NEED_TRAIN and not _can_train():
        raise MissingPackageError(_NEED_TRAIN[name], "train")
    return getattr(import_module(_MODULES.get(name, "tiankong.request.answers")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if not _can_train():  # so that `import *` and tools that list names meet none that can't be had
    __all__ = [name for name in __all__ if name not in _NEED_TRAIN]
