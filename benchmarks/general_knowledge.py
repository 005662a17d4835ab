"""What a model knows beyond its corpus: everyday sentences, and for Chinese idioms and questions about stories.

    python benchmarks/general_knowledge.py FOLDER [--model NAME…] [--page benchmarks/RESULTS.md]
    python benchmarks/general_knowledge.py benchmarks/general_knowledge/en --model en

FOLDER holds `everyday.tsv` (sentence, tab, fitting words as people type them) and, for Chinese, `chid_dev.json`
(FewCLUE's ChID: idioms by seven candidates, chance 0.143) and `cmrc2017_user.doc_query` with its `.answer` (CMRC 2017,
user questions: the answer is a noun of the story). Candidates are ranked. Those of a story are the nouns, by jieba's
tags, that occur in it at least twice; the question word becomes the blank. The story itself is not read, so its words
must suit the question.
"""

from __future__ import annotations

import argparse
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import rjieba
from answering import processor, this_command, write_section

import tiankong
from tiankong.evaluation.labelled import wilson

HEADING = "## General knowledge"
HEADING_OF_SENTENCES = "## Everyday sentences in English"
_EVERYDAY, _IDIOMS, _STORIES = "everyday.tsv", "chid_dev.json", "cmrc2017_user.doc_query"
_LIKELIEST = 10
_QUESTION = re.compile("什么|谁|哪里|哪儿|几|多少")
_HAN = re.compile(r"[\u4e00-\u9fff]+")


class Share(NamedTuple):
    """How many of all are right."""

    right: int
    of: int

    def __str__(self) -> str:
        low, high = wilson(self.right, self.of)
        return f"{self.right:,} of {self.of:,} ({self.right / self.of:.3f}, 95 % interval {low:.3f} to {high:.3f})"


class Story(NamedTuple):
    """The story's candidates, the question with a blank, and the answer."""

    candidates: list[str]
    question: str
    answer: str


def everyday(model: tiankong.Model, file: Path) -> tuple[Share, Share]:
    """Sentences with a fitting word among the ten likeliest, and with one in first place."""
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    answers = [
        [candidate["token_str"] for candidate in filled]
        for filled in model.fill([sentence for sentence, _ in rows], top_k=_LIKELIEST)
    ]
    fitting = [set(words.split("|")) for _, words in rows]
    among = sum(bool(words & set(answer)) for words, answer in zip(fitting, answers, strict=True))
    first = sum(answer[0] in words for words, answer in zip(fitting, answers, strict=True))
    return Share(among, len(rows)), Share(first, len(rows))


def idioms(model: tiankong.Model, file: Path) -> Share:
    """Idioms that rank first among their candidates."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    right = 0
    for row in rows:
        text = unicodedata.normalize("NFKC", row["content"]).replace("__", "").replace("#idiom#", "__")
        ranked = model.rank(text, row["candidates"])
        right += ranked[0]["candidate"] == row["candidates"][row["answer"]]
    return Share(right, len(rows))


def stories(file: Path) -> Iterator[Story]:
    """The stories of a file, those left out whose question has no question word."""
    answers = [line.partition(" ||| ")[2].strip() for line in file.with_suffix(".answer").open(encoding="utf-8")]
    words: Counter[str] = Counter()
    number = 0
    for line in file.open(encoding="utf-8"):
        head, _, sentence = line.strip().partition(" ||| ")
        if head.startswith("<qid_"):
            question = _QUESTION.sub("__", sentence.replace(" ", ""), count=1)
            answer = answers[number]
            number += 1
            candidates = [word for word, count in words.items() if count > 1 and _is_noun(word)]
            if "__" in question:
                yield Story(candidates, question, answer)
            words = Counter()
        elif sentence:
            words.update(sentence.split(" "))


def _is_noun(word: str) -> bool:
    tags = [tag for _, tag in rjieba.tag(word)]
    return bool(_HAN.fullmatch(word)) and len(tags) == 1 and tags[0].startswith("n")


def questions(model: tiankong.Model, file: Path) -> Share:
    """Questions whose answer ranks first among the words of the story."""
    right = total = 0
    for story in stories(file):
        if len(story.candidates) > 1:
            total += 1
            right += model.rank(story.question, story.candidates)[0]["candidate"] == story.answer
    return Share(right, total)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", nargs="+", default=["reviews-zh"])
    parser.add_argument("--page", type=Path)
    arguments = parser.parse_args()
    folder = arguments.folder
    columns: dict[str, Callable[[tiankong.Model], Share]] = {}
    if (folder / _IDIOMS).exists():
        columns["idioms (ChID)"] = lambda model: idioms(model, folder / _IDIOMS)
    if (folder / _STORIES).exists():
        columns["stories (CMRC 2017)"] = lambda model: questions(model, folder / _STORIES)
    heading = HEADING if columns else HEADING_OF_SENTENCES
    titles = ["model", "everyday, a fitting word among ten", "in first place", *columns]
    lines = [
        heading,
        "",
        f"    {this_command('general_knowledge.py')}",
        "",
        f"{processor()}. Nothing of these tests was in a training corpus.",
        "",
        f"| {' | '.join(titles)} |",
        "|---" * len(titles) + "|",
    ]
    for name in arguments.model:
        model = tiankong.load(name)
        among, first = everyday(model, folder / _EVERYDAY)
        cells = [f"{share.right} of {share.of}" for share in (among, first)]
        cells += [str(measure(model)) for measure in columns.values()]
        lines.append(f"| `{Path(name).name}` | {' | '.join(cells)} |")
    print("\n".join(lines[6:]))
    if arguments.page:
        write_section(arguments.page, heading, lines)


if __name__ == "__main__":
    main()
