"""The parts a model can be made of, one file a kind: each a table of rows that name the module behind a part."""
