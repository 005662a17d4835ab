"""Random strings through fill, joint, rank, check, classify and embed: answers or typed errors, nothing else.

python -m tests.fuzz MODEL [COUNT]
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter

from tiankong.errors import TiankongError
from tiankong.inference.model import Model, load

PIECES = [
    *[
        "__",
        "_",
        "[MASK]",
        "＿＿",
        "很好",
        "物流",
        "质量",
        "，",
        "。",
        " ",
        "\n",
        "\t",
        "a",
        "Ab",
        "3.5",
        "😀",
        "👩‍👩‍👧",
    ],
    *[
        "&amp;",
        "&#x22909;",
        "&",
        "\u0301",
        "\u200d",
        "\ufeff",
        "\ud800",
        "\x00",
        "İ",
        "ﬁ",
        "ｶﾞ",
        "각",
        "\u202e",
        "龘",
        "\U0010ffff",
    ],
]
PARAMETERS: list[dict[str, object]] = [
    {},
    {"top_k": 1},
    {"length": 2},
    {"starts_with": "很"},
    {"pattern": ".*好"},
    {"part_of_word": True},
    {"exclude": ["很好"]},
]


def text(generator: random.Random) -> str:
    """Pieces chosen to hurt, and any code points at all."""
    pieces = generator.choices(PIECES, k=generator.randint(0, 12))
    pieces += [chr(generator.randrange(0x110000)) for _ in range(generator.randint(0, 4))]
    generator.shuffle(pieces)
    if generator.random() < 0.5:  # most others have no blank, or nothing known beside it
        pieces = ["物流", *pieces, "__", "很快"]
    return "".join(pieces)


def ask(model: Model, string: str, generator: random.Random) -> str:
    """One question about the string; says which, and whether it was answered."""
    kind = generator.choice(["fill", "joint", "rank", "sentences", "check", "classify", "embed", "targets"])
    parameters = generator.choice(PARAMETERS)
    try:
        match kind:
            case "fill":
                model.fill(string, **parameters)  # type: ignore[arg-type]
            case "joint":
                model.joint(string, **{"top_k": 2, **parameters})  # type: ignore[arg-type]
            case "rank":
                model.rank("物流__，很快", [string, text(generator)])
            case "sentences":
                model.rank([string.replace("_", ""), text(generator).replace("_", "")])
            case "check":
                model.check(string.replace("_", "").replace("[MASK]", ""), precision=0.01)
            case "classify":
                model.classify(string, ["{text}，__！"], {"好": ["好", "不错"], "差": ["差"]})
            case "embed":
                model.embed(string)
            case "targets":
                model.fill(string, targets=[text(generator), "很好"])
    except TiankongError:
        return f"{kind} refused"
    return f"{kind} answered"


def main() -> None:
    """Prints how many were answered and how many refused."""
    model = load(sys.argv[1], threads=1)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    generator, found, start = random.Random(1), Counter[str](), time.monotonic()
    for number in range(count):
        string = text(generator)
        try:
            found[ask(model, string, generator)] += 1
        except BaseException:
            print(f"string number {number}: {string!r}", file=sys.stderr)
            raise
    for kind, times in sorted(found.items()):
        print(f"{kind:<20} {times:>8,}")
    print(f"{count:,} strings in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
