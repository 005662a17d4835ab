"""Pydantic schemas that several routes share; the OpenAPI document shows them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

Words = list[str]


class StrictModel(BaseModel):
    """Rejects unknown fields and converts no types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Error(BaseModel):
    """One sentence, and the reason that labels it in the metrics."""

    error: str
    reason: str
    request_id: str
