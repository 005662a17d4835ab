"""Pydantic schemas that several routes share; the OpenAPI document shows them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

Words = list[str]


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
