"""One file per output format, each with a row in :mod:`tiankong.registry.answer_formats`.

The contract of ``write(table, place, suffix, on_rows)``: it makes the file ``place`` of an
:class:`~tiankong.pipeline.answer_formats.answer_table.AnswerTable` in constant memory, and calls ``on_rows`` now and
then with the number of rows written.
"""
