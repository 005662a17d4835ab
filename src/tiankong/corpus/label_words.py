"""Labels of rows from fastText's label words."""

from __future__ import annotations

from tiankong.corpus.archives import OnNote
from tiankong.corpus.columns import Row, label_text
from tiankong.text.label_words import take_label_words


class LabelWords:
    """Reads the label words of the texts of one stream, and says so when the first is met."""

    def __init__(self, name: str, on_note: OnNote) -> None:
        """``name`` is that of the stream, for the note."""
        self._name, self._on_note = name, on_note
        self._met = False

    def read(self, row: Row) -> Row:
        """``row`` without label words. They give it a label unless it has one of its own."""
        text, labels = take_label_words(row.text)
        if not labels:
            return row
        if not self._met:
            self._met = True
            self._on_note(f"{self._name}: words that begin with __label__ are read as labels, as fastText does")
        if row.label is not None:
            return Row(text, row.label, row.line)
        return Row(text, label_text(labels[0]), row.line, has_several_labels=len(labels) > 1)
