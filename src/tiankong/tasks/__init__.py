"""What a model answers: one file per verb (no torch).

Each verb is a function ``verb(model, request, options)``, where ``model`` is the loaded model that answers. Those that
take a text or a list of texts always return a list, with one answer per text.
"""
