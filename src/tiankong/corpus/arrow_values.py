"""Values of Arrow columns as JSON can hold them, without loss: what has no type in JSON becomes a string."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pyarrow as pa

_SECOND = 1_000_000_000


def json_values(column: pa.Array) -> list[Any]:
    """A column's values: numbers, strings, truth values, ``None``, lists and structures, and what msgspec writes as a
    string: times as ISO 8601, bytes as Base64, decimals with all their digits. NaN and the infinities are strings, and
    so are times with nanoseconds.
    """
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_dictionary(kind) or pa.types.is_float16(kind) or _has_nanoseconds(kind):
        return list(map(_value, column))
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        return list(map(_value, column))
    return list(map(_finite, values)) if pa.types.is_floating(kind) else values


def _value(scalar: pa.Scalar) -> Any:
    """A value of any type."""
    kind = scalar.type
    if not scalar.is_valid:
        return None
    if pa.types.is_dictionary(kind):
        return _value(scalar.value)
    if pa.types.is_struct(kind):
        return {name: _value(inner) for name, inner in scalar.items()}
    if pa.types.is_map(kind):
        return [list(_value(entry).values()) for entry in scalar.values]
    if pa.types.is_nested(kind):
        return list(map(_value, scalar.values))
    return _single_value(scalar)


def _single_value(scalar: pa.Scalar) -> Any:
    if _has_nanoseconds(scalar.type):
        return _time(scalar.value, scalar.type)
    try:
        value = scalar.as_py()
    except (ValueError, OverflowError):  # a time that Python's types do not reach
        return scalar.cast(pa.string()).as_py().replace(" ", "T", 1)
    return _finite(float(value)) if pa.types.is_floating(scalar.type) else value


def _finite(value: float | None) -> float | str | None:
    if value is None or math.isfinite(value):
        return value
    return _NAMES.get(value, "NaN")


_NAMES = {math.inf: "Infinity", -math.inf: "-Infinity"}


def _has_nanoseconds(kind: pa.DataType) -> bool:
    is_time = pa.types.is_timestamp(kind) or pa.types.is_time64(kind) or pa.types.is_duration(kind)
    return bool(is_time and kind.unit == "ns")


def _time(nanoseconds: int, kind: pa.DataType) -> Any:
    """A time, or a string where its nanoseconds matter."""
    microseconds, rest = divmod(nanoseconds, 1000)
    if pa.types.is_duration(kind):
        if not rest:
            return datetime.timedelta(microseconds=microseconds)
        seconds, part = divmod(abs(nanoseconds), _SECOND)
        return f"{'-' if nanoseconds < 0 else ''}PT{seconds}.{part:09}S"
    is_clock = pa.types.is_time64(kind)
    time = pa.scalar(microseconds, pa.time64("us") if is_clock else pa.timestamp("us", kind.tz)).as_py()
    if not rest:
        return time
    form = time.isoformat(timespec="microseconds")
    end = form.index(".") + 7
    return f"{form[:end]}{rest:03}{form[end:].replace('+00:00', 'Z')}"
