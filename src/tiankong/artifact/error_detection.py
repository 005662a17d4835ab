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
class ErrorDetection:
    """``misfit = σ(surprise · -log p(word|context) - entropy · H(context) + frequency · log p(word) + bias)``.

    Fitted and measured on validation texts with one word each replaced by a random one.
    """

    surprise: float
    entropy: float
    frequency: float
    bias: float
    thresholds: list[Threshold]


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
