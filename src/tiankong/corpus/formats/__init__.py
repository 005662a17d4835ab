"""One file per input format, each with a row in :mod:`tiankong.registry.formats`.

The contract of ``rows(stream, columns, codec, on_bytes)``: it yields every row, blank texts included, in order and in
constant memory, and a row that can't be read raises a ``SourceError`` that names the file and the line. ``codec`` is
the encoding of formats that are text; what may surprise in how a stream is read goes to its ``on_note``.

``full_rows`` takes the same, and yields :class:`~tiankong.corpus.columns.FullRow` objects, which hold all columns, with
values that JSON can hold. A row that can't be read is one with a problem, wherever those after it can be.
"""
