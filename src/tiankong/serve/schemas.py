"""Pydantic schemas that several routes share; the OpenAPI document shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Words = list[str]

Script = Annotated[
    str | None,
    Field(
        description="`auto` reads traditional Chinese as simplified if the model was trained on that, or the reverse, "
        "and answers in the script of the text; `as-is` reads it as sent. The server's setting by default."
    ),
]
"""How texts are read. The answer to a text that was converted has a header `X-Read-As` with the script."""


class StrictModel(BaseModel):
    """Rejects unknown fields and converts no types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class HuggingFaceOptions(StrictModel):
    """Options that clients of Hugging Face's inference API send. They are accepted and have no effect here."""

    wait_for_model: bool | None = None
    use_cache: bool | None = None
    use_gpu: bool | None = None
    dont_load_model: bool | None = None


class InferenceRequest(StrictModel):
    """What the bodies of all requests to the model have in common."""

    options: HuggingFaceOptions | None = None


class Error(BaseModel):
    """One sentence, and the reason that labels it in the metrics."""

    error: str
    reason: str
    request_id: str
