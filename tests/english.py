"""A small English corpus with names, contractions and quotations, for the tests of how answers are typed."""

from __future__ import annotations

import itertools

PEOPLE = ["Anna", "Tom", "Maria", "McDonald"]
CITIES = {"Paris": "France", "Rome": "Italy", "London": "England", "New York": "America"}
DRINKS = ["coffee", "tea", "water", "milk"]
VESSELS = ["cup", "mug", "glass", "bowl"]


def texts() -> list[str]:
    """Lines of a sentence or two."""
    lines = []
    for city, country in CITIES.items():
        lines += [
            f"The capital of {country} is {city}.",
            f"{city} is the capital of {country}.",
            f"We flew to {city}, and I don't regret it!",
        ]
        for who in PEOPLE:
            lines += [
                f"{who} lives in {city}. The flat is well-lit.",
                f'"It\'s cold in {city}," said {who}.',
                f"{who}'s brother works for NASA in {city}.",
            ]
    for who, drink, vessel in itertools.product(PEOPLE, DRINKS, VESSELS):
        lines += [
            f"She poured the {drink} into a {vessel}.",
            f"{who} poured the {drink} into a {vessel}, but it wasn't hot.",
            f"The {vessel} of {who} is full of {drink}; he paid 3.50 for it on his iPhone.",
        ]
    return lines
