"""Random strings, each through fill, rank and check and one of the rest: answers or typed errors, nothing else. Places
are those of the text as typed, and a filled sentence is the sentence as typed without the backslashes of its escapes.

    python -m tests.fuzz MODEL [COUNT]

On all cores, a process each. docs/lab/0024-hostile-strings.md has what it printed.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from tiankong.errors import TiankongError
from tiankong.machine import allowed_threads
from tiankong.model import Model, load
from tiankong.request.answers import Filled
from tiankong.text.blank_forms import blank_form
from tiankong.text.blanks import cut_at_blanks

PIECES = [
    *[
        "__",
        "_",
        "[MASK]",
        "＿＿",
        "\\_\\_",
        "\\",
        "\\[MASK]",
        "____",
        "<mask>",
        "（　）",
        "（",
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
        "質量",
        "裡後於乾",
        "衞裏着",
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
    {"script": "as-is"},
    {"starts_with": "發"},
    {"pattern": ".*髮?裡?"},
]
BLANKS = [None, None, "[MASK]", "<mask>", "（　　）", "____", "\\", "", "好", "_"]
"""Blanks by which sentences are read, some of them unusable."""


EACH = ("fill", "rank", "check")
REST = ("joint", "sentences", "classify", "embed", "targets", "segment", "explain")


def text(generator: random.Random) -> str:
    """Pieces chosen to hurt, and any code points at all."""
    pieces = generator.choices(PIECES, k=generator.randint(0, 12))
    pieces += [chr(generator.randrange(0x110000)) for _ in range(generator.randint(0, 4))]
    generator.shuffle(pieces)
    if generator.random() < 0.5:  # most others have no blank, or nothing known beside it
        pieces = ["物流", *pieces, generator.choice(["__", "__", "<mask>", "（ ）"]), "很快"]
    return "".join(pieces)


def candidate(generator: random.Random) -> str:
    """Something for a blank, mostly with a letter, without which it is refused."""
    pieces = generator.choices([*PIECES, chr(generator.randrange(0x110000))], k=generator.randint(1, 2))
    return "".join(pieces) + generator.choice(["", "好", "快递"])


def ask(model: Model, kind: str, string: str, generator: random.Random) -> str:
    """One question about the string; says which, and whether it was answered."""
    parameters, blank = generator.choice(PARAMETERS), generator.choice(BLANKS)
    try:
        match kind:
            case "fill":
                check_filled(string, blank, model.fill([string], blank=blank, **parameters)[0])  # type: ignore[arg-type]
            case "rank":
                model.rank(string, [candidate(generator), "很好"], blank=blank)
            case "check":
                check_places(string, model.check(string, precision=0.01))
            case "joint":
                model.joint(string, **{"top_k": 2, "blank": blank, **parameters})  # type: ignore[arg-type]
            case "sentences":
                model.rank([string, text(generator)])
            case "classify":
                prompt, written = generator.choice(
                    [("{text}，__！", None), ("{text}，\\_\\___！", None), ("{text}<mask>", "<mask>")]
                )
                model.classify(string, [prompt], {"好": ["好", "不错"], "差": ["差"]}, written)
            case "embed":
                model.embed(string, blank)
            case "targets":
                model.fill("物流__，很快", targets=[string, candidate(generator)])
            case "segment":
                check_places(string, model.segment(string, blank))
            case "explain":
                check_places(string, model.explain(string, blank_text=blank)["context"])
    except TiankongError:
        return f"{kind} refused"
    return f"{kind} answered"


def check_places(string: str, words: Sequence[Mapping[str, Any]]) -> None:
    """Every word stands where it says."""
    for word in words:
        assert 0 <= word["start"] < word["end"] <= len(string), word
        assert string[word["start"] : word["end"]] == word["word"], word


def check_filled(string: str, blank: str | None, answers: Filled) -> None:
    """An answer to the only blank stands in the sentence, with the text around it as it is read."""
    sentence = cut_at_blanks(string, blank_form(blank))
    if len(sentence.blanks) != 1:
        return
    before, after = sentence.parts
    for answer in answers:
        sequence = answer["sequence"]  # type: ignore[call-overload]
        assert sequence.startswith(before), answer
        assert sequence.endswith(after), answer
        assert len(before) + len(after) < len(sequence), answer
        assert before.replace("\\", "") == string[: sentence.spans[0][0]].replace("\\", ""), answer


def fuzz(name: str, seed: int, count: int) -> Counter[str]:
    """How many strings were answered and how many refused, by what was asked."""
    model, generator, found = load(name, threads=1), random.Random(seed), Counter[str]()
    for number in range(count):
        string = text(generator)
        for kind in (*EACH, generator.choice(REST)):
            try:
                found[ask(model, kind, string, generator)] += 1
            except BaseException as error:
                error.add_note(f"{kind} of string number {number} of seed {seed}: {string!r}")
                raise
    return found


def main() -> None:
    """Prints how many were answered and how many refused."""
    name, count, processes = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000, allowed_threads()
    start = time.monotonic()
    with ProcessPoolExecutor(processes) as pool:
        parts = [count // processes + (seed < count % processes) for seed in range(processes)]
        found = sum(pool.map(fuzz, [name] * processes, range(processes), parts), Counter[str]())
    for kind, times in sorted(found.items()):
        print(f"{kind:<20} {times:>8,}")
    print(f"{count:,} strings in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
