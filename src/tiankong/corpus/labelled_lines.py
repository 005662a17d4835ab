"""Reads the lines of a source in the form of its first ones."""

from __future__ import annotations

from tiankong.corpus.archives import OnNote
from tiankong.corpus.label_forms import LabelForm, LabelledLine, ends_in_label
from tiankong.corpus.label_values import FEWEST_LABELLED, NEARLY_ALL, PROBED
from tiankong.errors import SourceError


class LineReader:
    """Reads the lines of a source in the form that the first ones have, and tells about those that have another."""

    def __init__(self, form: LabelForm | None, name: str, on_note: OnNote, unit: str = "line") -> None:
        """``name`` says whose lines they are, in messages."""
        self._form, self._name, self._on_note, self._unit = form, name, on_note, unit
        self._labels: set[str] = set()  # of the lines that decided on the form
        self._lines = 0
        self._later: list[int] = []  # numbers of the lines behind those that are of another form
        self._reversed: list[int] = []
        if form is not None:
            on_note(f"{name}: {unit}s are read as {form.shape}")

    def read(self, line: str, number: int) -> LabelledLine:
        """A line without its end."""
        read = LabelledLine(line, None) if self._form is None else self._form.split(line)
        if not line or line.isspace():
            return read
        self._lines += 1
        if self._lines <= PROBED:
            if read.label is not None:
                self._labels.add(read.label)
        elif self._form is None:
            if "\t" in line or ",," in line:
                self._later += [number] * ends_in_label(line)
        elif read.label is None:
            self._later.append(number)
        elif read.label not in self._labels and self._form.split_reversed(line).label in self._labels:
            self._reversed.append(number)
        return read

    def finish(self) -> None:
        """To be called after the last line.

        :raises SourceError: many lines have their label at the other end than those that decided.
        """
        later = self._lines - PROBED
        if self._form is None:
            if len(self._later) >= max(FEWEST_LABELLED, later * (1 - NEARLY_ALL)):
                self._on_note(
                    f"{self._name}: {len(self._later):,} {self._unit}s end in a tab or ,, and a short value, the first "
                    f"on {self._unit} {self._later[0]}; they are read as text, since the first {PROBED:,} are"
                )
        elif self._reversed and len(self._reversed) >= later * (1 - NEARLY_ALL):
            raise SourceError(
                f"{self._unit} {self._reversed[0]} of {self._name} has its label at the other end than the first "
                f"{PROBED:,}, which are of the form {self._form.shape}: put all labels at the same end"
            )
        elif self._later:
            self._on_note(
                f"{self._name}: {len(self._later):,} {self._unit}s are not of the form {self._form.shape}, the first "
                f"on {self._unit} {self._later[0]}; they are read as texts without a label"
            )
