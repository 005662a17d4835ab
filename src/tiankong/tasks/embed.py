"""``embed``: the context vectors of blanks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import FolderError, SentenceError
from tiankong.request.queries import Query, parse_queries
from tiankong.request.texts import RAISE, OnError
from tiankong.runtime.predictor import Predictor
from tiankong.runtime.reading import Reading
from tiankong.text.blank_forms import blank_form
from tiankong.text.script import AUTO


def embed(
    predictor: Predictor,
    sentences: str | Sequence[str],
    blank: str | None = None,
    script: str = AUTO,
    on_error: OnError = RAISE,
) -> list[NDArray[np.float32] | SentenceError]:
    """The context vector of each blank, (blanks, E), for each sentence; with ``on_error="return"``, what is wrong with
    a sentence stands for them.

    :raises SentenceError: a sentence is unusable.
    :raises OptionError: ``blank`` is unusable.
    :raises FolderError: the model folder was written before ``embed`` existed.
    """
    reads = predictor.folder.manifest.model.head_spec.reads
    if not predictor.session.gives_context and reads == "embedding":  # else the scores are the vectors
        raise FolderError(
            f"{predictor.folder.path} was made by an earlier tiankong, before embed: train or export it again"
        )
    queries = parse_queries(sentences, predictor, form=blank_form(blank), script=script, on_error=on_error)
    reading = Reading(predictor)
    predictions = reading.predictions(
        [window for query in queries if isinstance(query, Query) for window in query.windows(reading)]
    )
    return [
        query if isinstance(query, SentenceError) else np.stack([next(predictions).context for _ in query.affixes])
        for query in queries
    ]
