"""Errors as people make them, in sentences written by hand: how many ``check`` finds, and how many it invents.

    python benchmarks/typing_errors.py [--model MODEL] [--precision P] [--half even|odd]

docs/lab/0027-typing-errors.md quotes its output. ``typing_errors/errors.tsv`` has a domain, what the wrong and the
right character have in common, the wrong sentence, and the right one. ``reviews.txt`` (slang, dialect, emoticons) and
``formal.txt`` (news, law, names, numbers, English, verse) have no errors.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from tiankong.model import Model, load
from tiankong.request.answers import CheckedWord

FOLDER = Path(__file__).parent / "typing_errors"


def rows(name: str, half: str) -> list[str]:
    """The lines of a file, all or every other one."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return {"all": lines, "even": lines[::2], "odd": lines[1::2]}[half]


def breaks_a_word(model: Model, wrong: str, right: str) -> bool:
    """Whether the error made something else than a word of the vocabulary in the right one's place."""
    tokens, before = (model.predictor.tokenizer.tokens(text) for text in (wrong, right))
    return len(tokens) != len(before) or not all(map(model.predictor.knows, tokens))


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="reviews-zh")
    parser.add_argument("--precision", type=float, default=0.8)
    parser.add_argument("--half", choices=("all", "even", "odd"), default="all")
    arguments = parser.parse_args()
    model = load(arguments.model)

    def flagged(words: list[CheckedWord]) -> list[CheckedWord]:
        return [word for word in words if not word["fits"]]

    count: Counter[str] = Counter()
    clean: Counter[str] = Counter()
    alarms: Counter[str] = Counter()
    for line in rows("errors.tsv", arguments.half):
        _, alike, wrong, right = line.split("\t")
        place = next(at for at, (one, other) in enumerate(zip(wrong, right, strict=True)) if one != other)
        kind = "broken words" if breaks_a_word(model, wrong, right) else "words of the vocabulary"
        found = [
            word for word in flagged(model.check(wrong, arguments.precision)) if word["start"] <= place < word["end"]
        ]
        best = [
            f"{wrong[: word['start']]}{suggestion['token_str']}{wrong[word['end'] :]}"
            for word in found
            for suggestion in word["suggestions"][:1]
        ]
        for name in ("all errors", kind, f"by {alike}"):
            count[name] += 1
            count[f"{name} found"] += bool(found)
            count[f"{name} mended"] += right in best
        words = model.check(right, arguments.precision)
        clean["the same sentences without the error"] += len(words)
        alarms["the same sentences without the error"] += len(flagged(words))
    for name in ("reviews.txt", "formal.txt"):
        for line in rows(name, arguments.half):
            words = model.check(line, arguments.precision)
            clean[name] += len(words)
            alarms[name] += len(flagged(words))
    for name in ("all errors", "broken words", "words of the vocabulary", "by sound", "by look"):
        print(
            f"{name:<38} {count[f'{name} found']:>3} of {count[name]:>3} found, first suggestion right: "
            f"{count[f'{name} mended']}"
        )
    for name, number in clean.items():
        print(f"{name:<38} {alarms[name]:>3} of {number:>3} words flagged")


if __name__ == "__main__":
    main()
