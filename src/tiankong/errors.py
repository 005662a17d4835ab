"""Every error that input can cause, each one sentence long.

::

    TiankongError                 exit code 2
    ├── OptionError               an option, a preset or a combination of them
    ├── SourceError               a text file to read: missing, binary, truncated, no such column …
    ├── FolderError               a prepared corpus or a model folder: exists, damaged, newer, edited …
    ├── SentenceError             a sentence: no blank, too long, no context …
    └── MissingPackageError       a feature whose optional packages are not installed

The message names the file, line or field and the way out. Any other exception is a
bug in tiankong (exit code 1).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class TiankongError(Exception):
    """Base of every error caused by input; ``exit_code`` is what the command line returns."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        # Input may hold characters that a terminal or log can't show: they are escaped.
        super().__init__(_UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), message))


class OptionError(TiankongError):
    """Bad options; ``problems`` lists all of them, the message joins them."""

    def __init__(self, problems: Sequence[str] | str) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("; ".join(self.problems))


class SourceError(TiankongError):
    """A text that can't be read, from a file or given from Python."""


class FolderError(TiankongError):
    """An output folder that can't be written, or an input folder that is missing, damaged or changed."""


class SentenceError(TiankongError):
    """A sentence or text that can't be answered."""


@contextlib.contextmanager
def in_which(name: str) -> Iterator[None]:
    """Prefixes the message of a :class:`SentenceError` with ``name``, which says which sentence of a list it is."""
    try:
        yield
    except SentenceError as error:
        raise SentenceError(f"{name}: {error}") from None


class MissingPackageError(TiankongError, ImportError):
    """An optional package is absent; the message holds the command that installs it."""

    def __init__(self, feature: str, extra: str) -> None:
        self._arguments = feature, extra
        super().__init__(f"{feature} needs packages that are not installed: pip install 'tiankong[{extra}]'")

    def __reduce__(self) -> tuple[type[MissingPackageError], tuple[str, str]]:
        """Pickled, as errors in other processes are, by what it was made from and not by its message."""
        return type(self), self._arguments
