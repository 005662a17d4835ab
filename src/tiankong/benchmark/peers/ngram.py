"""KenLM: a 5-gram model that scores each candidate in its place, with the words on both sides."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from tiankong.benchmark.peers.kneser_ney import write_arpa
from tiankong.benchmark.system import RankingSystem, Training
from tiankong.benchmark.task import Floats, Ints, queries
from tiankong.errors import MissingPackageError
from tiankong.evaluation.measure import Text
from tiankong.text.vocabulary import BEGIN, END, UNKNOWN

_ORDER = 5


class KenLM(RankingSystem):
    """The probability of the sentence with each word in the blank, which is all that changes: up to five factors."""

    label = "KenLM 5-gram"
    gives_probabilities = True

    def train(self) -> Training:
        """Estimates and loads the model.

        :raises MissingPackageError: kenlm is not installed.
        """
        try:
            import kenlm  # noqa: PLC0415 - optional
        except ModuleNotFoundError:
            raise MissingPackageError("the KenLM peer", "benchmark") from None
        self._kenlm = kenlm
        size = len(self.corpus.vocabulary)
        # KenLM separates words by spaces: a word is written as its number, so that any surface form works.
        self._written = [f"w{number}" for number in range(size)]
        self._written[BEGIN], self._written[END], self._written[UNKNOWN] = "<s>", "</s>", "<unk>"
        split = self.corpus.split("train")
        start = time.perf_counter()
        texts = (self._known(split[number]) for number in range(len(split)))
        file = self.folder / "5-gram.arpa"
        write_arpa(file, texts, self._written, BEGIN, _ORDER)
        config = kenlm.Config()
        config.show_progress = False
        self._model = kenlm.Model(str(file), config)
        return Training(time.perf_counter() - start, self.corpus.manifest.splits["train"].tokens)

    def scores(self, texts: Sequence[Text]) -> Floats:
        """See :class:`System`."""
        candidates = np.flatnonzero(self.corpus.vocabulary.targets()).tolist()
        rows = []
        for ids, position in queries(list(texts)):
            known = self._known(ids)
            row = np.full(len(self.corpus.vocabulary), -np.inf, dtype=np.float32)
            row[candidates] = self._score(known[:position], known[position + 1 : position + _ORDER], candidates)
            rows.append(row)
        return np.stack(rows)

    def size(self) -> int:
        """The ARPA file; KenLM's binary form is of the same order."""
        return (self.folder / "5-gram.arpa").stat().st_size

    def _known(self, ids: Ints) -> Ints:
        return np.where(ids < len(self._written), ids, UNKNOWN)

    def _score(self, left: Ints, right: Ints, candidates: Sequence[int]) -> list[float]:
        """Natural log probability of each candidate and the words that can see it, given those on its left."""
        base_score, written = self._model.BaseScore, self._written
        state, following = self._kenlm.State(), self._kenlm.State()
        self._model.BeginSentenceWrite(state)
        for word in left[1:].tolist():
            base_score(state, written[word], following)
            state, following = following, state
        after = [written[word] for word in right.tolist()]
        current, following = self._kenlm.State(), self._kenlm.State()
        totals = []
        for candidate in candidates:
            total = base_score(state, written[candidate], current)
            for word in after:
                total += base_score(current, word, following)
                current, following = following, current
            totals.append(total * 2.302585093)
        return totals
