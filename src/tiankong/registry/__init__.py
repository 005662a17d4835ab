"""The parts a model can be made of, one file per kind: each a table of rows that name the module behind a part."""
