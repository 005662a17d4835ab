"""The prepared corpora that a caller gives: one or several, by their folders or opened."""

from __future__ import annotations

import os
from pathlib import Path

from tiankong.corpus.prepared import PreparedCorpus
from tiankong.folder import as_path

Prepared = str | os.PathLike[str] | PreparedCorpus
"""The folder of a prepared corpus, or the corpus."""


def listed(prepared: object) -> list[PreparedCorpus | Path]:
    """The corpora that were given, one or several.

    :raises OptionError: something is neither a corpus nor a path.
    """
    listed = list(prepared) if isinstance(prepared, list | tuple) else [prepared]
    return [corpus if isinstance(corpus, PreparedCorpus) else as_path(corpus, "prepared") for corpus in listed]
