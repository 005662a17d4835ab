"""Checks the file of answers before it is written: its format, and its place."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from tiankong.corpus.archives import display_name
from tiankong.errors import FolderError, MissingPackageError, OptionError
from tiankong.registry.answer_formats import ANSWER_FORMATS, AnswerFormatSpec


def output_format(output: Path) -> AnswerFormatSpec:
    """The format of ``output``.

    :raises OptionError: its suffix is that of none.
    :raises MissingPackageError: the package that writes it is not installed.
    """
    suffix = output.suffix.lower()
    if suffix not in ANSWER_FORMATS:
        kind = f"{suffix} files" if suffix else "files without a suffix"
        raise OptionError(f"can't write {kind}: name the output as one of {', '.join(ANSWER_FORMATS)}")
    spec = ANSWER_FORMATS[suffix]
    if spec.module:
        try:
            import_module(spec.module)
        except ModuleNotFoundError:
            if not spec.extra:
                raise
            raise MissingPackageError(f"writing {suffix} files", spec.extra) from None
    return spec


def check_output(input: Path, output: Path, *, force: bool) -> None:
    """Fails early if ``output`` could not be written later.

    :raises FolderError: it exists (without ``force``), is ``input`` or no ordinary file, or can't be written.
    """
    name = display_name(output)
    try:
        if output.is_dir():
            raise FolderError(f"{name} is a folder: name a file to make")
        if output.exists() or output.is_symlink():
            if not output.is_file():
                raise FolderError(f"{name} exists and is no ordinary file: choose another output")
            if input.exists() and output.samefile(input):
                raise FolderError(f"{name} is the input itself: choose another output")
            if not force:
                raise FolderError(f"{name} exists: add `force=True` to replace it, or choose another output")
        parent = output.resolve().parent
        if not parent.is_dir():
            raise FolderError(f"there is no folder {_parent_name(output)}: make it, or choose another output")
        output.lstat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise FolderError(f"{name} can't be written ({reason}): choose another output") from None
    if not os.access(output.resolve().parent, os.W_OK | os.X_OK):
        raise FolderError(f"{name} can't be written: {_parent_name(output)} is not a folder you may write to")


def _parent_name(output: Path) -> str:
    """The folder of ``output``, as it was given."""
    parent = output.resolve().parent if output.is_symlink() else output.parent
    return "the current folder" if parent == Path() else display_name(parent)
