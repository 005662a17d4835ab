"""What msgspec says of a value of the wrong type, in the words of this package."""

from __future__ import annotations

import re

import msgspec

_PROBLEM = re.compile(r"Expected `(?P<wanted>[\w| ]+)`(?: of length (?P<length>\d+))?, got `?(?P<got>\w+)`?")
_PLACE = re.compile(r" - at `\$\.(?P<table>\w+)\.?(?P<setting>[^`]*)`$")
_KINDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "null": "nothing",
    "object": "a table",
    "str": "a text",
}


def type_problem(error: msgspec.ValidationError) -> str:
    """The rest of a sentence about a value of the wrong type, such as ``must be a whole number, not a text``.

    It is what msgspec says if the problem is another one.
    """
    found = _PROBLEM.match(str(error))
    if found is None:
        return f"is wrong: {error}"
    if found["length"]:
        return f"must be a list of {found['length']} values, not of {found['got']}"
    wanted = " or ".join(_KINDS.get(kind, kind) for kind in found["wanted"].split(" | "))
    got = "a fraction" if found["got"] == "float" else _KINDS.get(found["got"], found["got"])
    return f"must be {wanted}, not {got}"


def problem_in_tables(error: msgspec.ValidationError) -> str:
    """A sentence about a value of the wrong type in tables of settings, with its place."""
    place = _PLACE.search(str(error))
    if place is None:
        return str(error)
    where = f"{place['setting']} in [{place['table']}]" if place["setting"] else f"[{place['table']}]"
    return f"{where} {type_problem(error)}"
