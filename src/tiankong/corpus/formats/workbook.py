"""A sheet of a workbook, through calamine: a row of column names, then one record per row.

The whole sheet is in memory, unlike the rows of the other formats: workbooks can't be read piece by piece.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import python_calamine as calamine

from tiankong.corpus.archives import ByteStream, OnBytes
from tiankong.corpus.columns import (
    TEXT_COLUMNS,
    Columns,
    FullRow,
    Row,
    choose_column,
    choose_label,
    column_names,
    label_value,
    note_columns,
    note_no_label,
    refuse_missing_header,
)
from tiankong.errors import SourceError

_MOST_TITLE_ROWS = 20
_MOST_LISTED = 10
_NUMBER = re.compile(r"\d+")

Cells = list[object]


class _Table(NamedTuple):
    """The rows of a sheet, the number of its row of column names, and what else is known of it."""

    grid: list[Cells]
    header: int
    names: list[str]
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]]
    left: int

    @property
    def below(self) -> Iterator[tuple[int, Cells]]:
        """The rows of values, and their numbers."""
        return enumerate(islice(self.grid, self.header + 1, None), self.header + 1)


def rows(stream: ByteStream, columns: Columns, _codec: None, on_bytes: OnBytes | None) -> Iterator[Row]:
    """See :mod:`tiankong.corpus.formats`. ``line`` is the row's number in the sheet.

    Empty cells and those with an error, such as ``#N/A``, are empty texts.
    """
    table = _table(stream, columns, on_bytes)
    grid, header = table.grid, table.header
    places = {_text(cell).strip(): place for place, cell in enumerate(grid[header])}
    text = choose_column(table.names, columns.text, stream.name)
    label = choose_label(table.names, columns.label, text, stream.name)
    note_columns(table.names, text, label, stream)
    any_row = any_label = False
    spread = {} if label is None else _spread(grid, table.merged, places[label], table.left)
    for number, cells in table.below:
        mark = None if label is None else spread.get(number, cells[places[label]])
        value = label_value(_plain(mark), stream.name, number + 1, "row")
        any_row, any_label = True, any_label or value is not None
        yield Row(_text(cells[places[text]]), value, number + 1)
    if any_row and not any_label:
        note_no_label(label, stream)


def full_rows(stream: ByteStream, columns: Columns, _codec: None, on_bytes: OnBytes | None) -> Iterator[FullRow]:
    """See :mod:`tiankong.corpus.formats`. Empty cells are null, and rows that have nothing else are left out."""
    table = _table(stream, columns, on_bytes)
    text = choose_column(table.names, columns.text, stream.name)
    used = (place for cells in table.grid[table.header :] for place, cell in enumerate(cells) if cell != "")
    width = max(used) + 1
    names = column_names([_text(cell).strip() for cell in table.grid[table.header][:width]], stream.name)
    for number, cells in table.below:
        values = {name: None if cell == "" else _plain(cell) for name, cell in zip(names, cells[:width], strict=True)}
        if any(value is not None for value in values.values()):
            yield FullRow(_text(cells[names.index(text)]), values, number + 1, column=text)


def _table(stream: ByteStream, columns: Columns, on_bytes: OnBytes | None) -> _Table:
    """The sheet that ``columns`` names, as a table.

    Raises:
        SourceError: it can't be read, or has no column names.
    """
    with stream.open(on_bytes) as raw:
        data = io.BytesIO(raw.read())
    try:
        workbook = calamine.CalamineWorkbook.from_filelike(data)
        sheet = workbook.get_sheet_by_name(_sheet_name(workbook, columns.sheet, stream))
        grid: list[Cells] = [list(cells) for cells in sheet.iter_rows()]
        merged = sheet.merged_cell_ranges or []
    except calamine.PasswordError:
        raise SourceError(
            f"{stream.name} is protected by a password: open it in a spreadsheet program and save it without"
        ) from None
    except calamine.CalamineError as error:
        raise SourceError(
            f"{stream.name} can't be read as a workbook ({error}): open it in a spreadsheet program and save it again, "
            "or as .csv"
        ) from None
    start = sheet.start
    if start is None or not any(map(_names, grid)):
        raise SourceError(f"the sheet {sheet.name!r} of {stream.name} is empty: name another with `sheet`")
    header = _header_row(grid, columns.text)
    names = _names(grid[header])
    if columns.text is None:
        refuse_missing_header(names, stream.name)
    return _Table(grid, header, names, merged, start[1])


def _sheet_name(workbook: calamine.CalamineWorkbook, wanted: str | int | None, stream: ByteStream) -> str:
    """The sheet to read: the one of that name or number, or the first that is shown.

    Raises:
        SourceError: there is none.
    """
    sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
    names = [sheet.name for sheet in sheets]
    if wanted is None:
        shown = [sheet.name for sheet in sheets if sheet.visible == calamine.SheetVisibleEnum.Visible]
        if not shown:
            raise SourceError(f"{stream.name} shows no sheet: name one of {_listed(names)} with `sheet`")
        if len(names) > 1:
            stream.on_note(f"{stream.name}: of its {len(names)} sheets, {shown[0]!r} is read; `sheet` names another")
        return shown[0]
    if wanted in names:
        return str(wanted)
    if _NUMBER.fullmatch(str(wanted)) and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    raise SourceError(f"{stream.name} has no sheet {wanted!r}: its sheets are {_listed(names)}, in this order")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return (", ".join(map(repr, names[:_MOST_LISTED])) or "none") + more


def _header_row(grid: Sequence[Cells], column: str | None) -> int:
    """The row of the column names: the first that is not empty, or, where a title stands above the table, a fuller one
    below that has the column of texts.
    """
    rows_of_names = ((number, _names(cells)) for number, cells in enumerate(grid))
    first, *others = islice(((number, names) for number, names in rows_of_names if names), _MOST_TITLE_ROWS)
    if not _has_texts(first[1], column):
        for number, names in others:
            if len(names) > len(first[1]) and _has_texts(names, column):
                return number
    return first[0]


def _names(cells: Cells) -> list[str]:
    return [name for cell in cells if (name := _text(cell).strip())]


def _has_texts(names: Sequence[str], column: str | None) -> bool:
    return column in names if column is not None else any(name.casefold() in TEXT_COLUMNS for name in names)


def _spread(
    grid: Sequence[Cells], merged: Sequence[tuple[tuple[int, int], tuple[int, int]]], column: int, start: int
) -> Mapping[int, object]:
    """The values of a column's rows that are merged with the cell above, which alone holds one."""
    values: dict[int, object] = {}
    for (top, left), (bottom, right) in merged:
        if left - start <= column <= right - start and top < len(grid):
            values |= dict.fromkeys(range(top, bottom + 1), grid[top][left - start])
    return values


def _text(cell: object) -> str:
    value = _plain(cell)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _plain(cell: object) -> object:
    """A cell's value as people see it: a whole number without a decimal point, a date in ISO 8601."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, datetime.date | datetime.time) else cell
