"""``embed``: the context vectors of blanks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import FolderError
from tiankong.request.queries import parse_queries
from tiankong.runtime.predictor import Predictor
from tiankong.runtime.reading import Reading
from tiankong.text.blank_forms import blank_form
from tiankong.text.script import AUTO


def embed(
    predictor: Predictor, sentences: str | Sequence[str], blank: str | None = None, script: str = AUTO
) -> list[NDArray[np.float32]]:
    """The context vector of each blank, (blanks, E), for each sentence.

    :raises SentenceError: a sentence is unusable.
    :raises OptionError: ``blank`` is unusable.
    :raises FolderError: the model folder was written before ``embed`` existed.
    """
    reads = predictor.folder.manifest.model.head_spec.reads
    if not predictor.session.gives_context and reads == "embedding":  # else the scores are the vectors
        raise FolderError(
            f"{predictor.folder.path} was made by an earlier tiankong, before embed: train or export it again"
        )
    queries = parse_queries(sentences, predictor, form=blank_form(blank), script=script)
    reading = Reading(predictor)
    predictions = reading.predictions([window for query in queries for window in query.windows(reading)])
    return [np.stack([next(predictions).context for _ in query.affixes]) for query in queries]
