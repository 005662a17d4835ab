"""Values of Arrow columns as JSON can hold them, without loss: what has no type in JSON becomes a string."""

from __future__ import annotations

import contextlib
import datetime
import math
from typing import Any

import pyarrow as pa


def json_values(column: pa.Array) -> list[Any]:
    """A column's values: numbers, strings, truth values, ``None``, lists and structures, and what msgspec writes as a
    string: times as ISO 8601, bytes as Base64, decimals with all their digits. NaN and the infinities are strings.
    """
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return _nanosecond_times(column)
    if pa.types.is_duration(kind) and kind.unit == "ns":
        with contextlib.suppress(pa.ArrowInvalid):  # nanoseconds matter
            return json_values(column.cast(pa.duration("us")))
    target = _readable(kind)
    if target != kind:
        column = column.cast(target)
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):  # a time that Python's types do not reach
        values = column.cast(pa.string()).to_pylist()
    return list(map(_finite, values)) if _has_fractions(target) else values


def _readable(kind: pa.DataType) -> pa.DataType:
    """The type, or one as exact for what Python has no type for."""
    if pa.types.is_float16(kind):
        return pa.float32()
    if (pa.types.is_timestamp(kind) or pa.types.is_time64(kind)) and kind.unit == "ns":
        return pa.string()
    if pa.types.is_duration(kind) and kind.unit == "ns":
        return pa.int64()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        made = pa.list_ if pa.types.is_list(kind) else pa.large_list
        return made(_readable(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _readable(field.type)) for field in kind])
    return kind


def _has_fractions(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_nested(kind) or pa.types.is_dictionary(kind))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return list(map(_finite, value))
    return value


def _nanosecond_times(column: pa.Array) -> list[Any]:
    """Times, as ISO 8601 with nine digits after the point where the last three matter."""
    parts = [(None, 0) if one is None else divmod(one, 1000) for one in column.cast(pa.int64()).to_pylist()]
    try:
        times = pa.array([whole for whole, _ in parts], pa.timestamp("us", column.type.tz)).to_pylist()
    except (ValueError, OverflowError):
        return column.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]
    return [_with_digits(time, rest) if rest else time for time, (_, rest) in zip(times, parts, strict=True)]


def _with_digits(time: datetime.datetime, nanoseconds: int) -> str:
    form = time.isoformat(timespec="microseconds")
    end = form.index(".") + 7
    return f"{form[:end]}{nanoseconds:03}{form[end:].replace('+00:00', 'Z')}"
