"""What a model folder says about words that don't fit: how to judge them, and how sure the judgement is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from tiankong.folder import write_text

ERROR_DETECTION_FILE = "misfits.json"


@dataclass(frozen=True)
class Threshold:
    """Flagging words with at least this ``misfit``, a share ``precision`` was wrong, and ``recall`` of the wrong ones
    was flagged.
    """

    precision: float
    recall: float
    misfit: float


@dataclass(frozen=True)
class BrokenWords:
    """How strings outside the vocabulary are judged: ``misfit = σ(surprise · -log p(string|context) - entropy ·
    H(context) + alike · log p(alike|context) + near · log p(near|context) + context · S + bias)``, where ``alike`` is
    the most probable word that sounds or looks like the string, ``near`` the most probable other one that is one edit
    away, and S the mean surprise of the words around it.
    """

    surprise: float
    entropy: float
    alike: float
    near: float
    context: float
    bias: float
    thresholds: list[Threshold]


@dataclass(frozen=True)
class TypedWords:
    """How words of the vocabulary are judged as typing errors of similar words: ``misfit = σ(surprise ·
    -log p(word|context) - entropy · H(context) + frequency · log p(word) + alike · log p(alike|context) + context · S +
    bias)``, with the terms of :class:`BrokenWords`.
    """

    surprise: float
    entropy: float
    frequency: float
    alike: float
    context: float
    bias: float


@dataclass(frozen=True)
class ErrorDetection:
    """How words of the vocabulary are judged, whatever they replaced: ``misfit = σ(surprise · -log p(word|context) -
    entropy · H(context) + frequency · log p(word) + context · S + bias)``. The larger of this and the one by ``typed``
    counts. ``broken`` is for other strings. Folders of version 0.2 and earlier have no ``context``, ``typed`` and
    ``broken``.

    Fitted and measured on validation texts with one error each.
    """

    surprise: float
    entropy: float
    frequency: float
    bias: float
    thresholds: list[Threshold]
    context: float = 0.0
    typed: TypedWords | None = None
    broken: BrokenWords | None = None


def write_error_detection(error_detection: ErrorDetection, folder: Path) -> None:
    """Writes them into a model folder that is not sealed yet."""
    write_text(folder / ERROR_DETECTION_FILE, json.dumps(asdict(error_detection), indent=2) + "\n")


def read_error_detection(folder: Path) -> ErrorDetection | None:
    """Those of a model folder, ``None`` if it has none.

    :raises ValueError: the file is wrong.
    """
    file = folder / ERROR_DETECTION_FILE
    try:
        return msgspec.json.decode(file.read_bytes(), type=ErrorDetection) if file.exists() else None
    except msgspec.DecodeError as error:
        raise ValueError(f"{ERROR_DETECTION_FILE}: {error}") from None
