"""The engine over HTTP: request in, limits and queue, model, answer out (extra ``serve``)."""
