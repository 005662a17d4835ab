"""Whether a segmenter finds the words of a corpus: some cut other scripts into single letters, or not at all."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from tiankong.registry.segmenters import SEGMENTERS, segmenter_of

_LANGUAGES = {"CJK": "Chinese", "HANGUL": "Korean", "MYANMAR": "Burmese"}
"""What people call a script, where it is not its name."""

_LEAST_SHARE = 0.05
"""Of the letters; fewer are names and quotations."""


def segmenter_notes(segmenter: str, characters: Sequence[str], counts: Sequence[int]) -> Iterator[str]:
    """A sentence for people about the scripts whose words ``segmenter`` does not find, if they have a notable share.

    ``characters`` are those of the corpus, with their ``counts``.
    """
    spec = segmenter_of(segmenter)
    letters: Counter[str] = Counter()
    for character, count in zip(characters, counts, strict=True):
        if character.isalpha():
            letters[unicodedata.name(character, "").partition(" ")[0]] += count
    broken = {script: letters[script] for script in spec.breaks if letters[script]}
    share = sum(broken.values()) / max(1, letters.total())
    if share < _LEAST_SHARE:
        return
    most = sorted(broken, key=lambda script: -broken[script])[:2]
    names = " and ".join(_LANGUAGES.get(script, script.title()) for script in most)
    finds = next((row for row in SEGMENTERS.values() if not set(broken) & set(row.breaks)), None)
    way_out = "" if finds is None else f": prepare again with `segmenter={finds.name}`"
    if finds is not None and finds.extra:
        way_out += f" (pip install 'tiankong[{finds.extra}]')"
    yield f"{share:.0%} of the letters are {names}, whose words `segmenter={segmenter}` does not find{way_out}"
