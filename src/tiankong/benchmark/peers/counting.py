"""Peers that count or average: word frequency, and gensim's CBOW."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
from gensim.models import Word2Vec

from tiankong.benchmark.system import RankingSystem, Training
from tiankong.benchmark.task import Floats, queries
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.evaluation.measure import Text


class Unigram(RankingSystem):
    """The most frequent words, whatever the context."""

    label = "unigram"
    gives_probabilities = True

    def train(self) -> Training:
        """Does nothing: ``prepare`` has counted the words."""
        return Training(0.0, 0)

    def scores(self, texts: Sequence[Text]) -> Floats:
        """See :class:`System`."""
        row = np.log(np.maximum(self.corpus.vocabulary.counts, 1)).astype(np.float32)
        return np.tile(row, (sum(len(text.targets) for text in texts), 1))

    def size(self) -> int:
        """The counts."""
        return int(self.corpus.vocabulary.counts.nbytes)


class Cbow(RankingSystem):
    """gensim's word2vec (continuous bag of words) and its ``predict_output_word``."""

    label = "gensim CBOW"
    gives_probabilities = True
    window = 5

    def train(self) -> Training:
        """Ten passes; gensim's own defaults give less."""
        texts = _WordTexts(self.corpus)
        start = time.perf_counter()
        self._model = Word2Vec(
            texts,
            vector_size=200,
            window=self.window,
            min_count=1,
            negative=10,
            epochs=10,
            workers=self.budget.threads,
            seed=self.budget.seed,
        )
        seconds = time.perf_counter() - start
        self._ids = np.array([self.corpus.vocabulary.id_of(word) for word in self._model.wv.index_to_key])
        self._place = {word: place for place, word in enumerate(self._model.wv.index_to_key)}
        return Training(seconds, 10 * self.corpus.manifest.splits["train"].tokens)

    def scores(self, texts: Sequence[Text]) -> Floats:
        """See :class:`System`. The words up to :attr:`window` away, as in training."""
        words = self.corpus.vocabulary.words
        rows = []
        for ids, position in queries(list(texts)):
            near = [*ids[max(1, position - self.window) : position], *ids[position + 1 : position + 1 + self.window]]
            context = [words[number] for number in near if number < len(words) and words[number] in self._place]
            row = np.full(len(words), -np.inf, dtype=np.float32)
            answers = self._model.predict_output_word(context, topn=len(self._ids)) if context else None
            if not answers:
                row[self._ids] = 0.0
            else:
                places = [self._place[word] for word, _ in answers]
                row[self._ids[places]] = np.log(np.maximum([share for _, share in answers], 1e-30))
            rows.append(row)
        return np.stack(rows)

    def size(self) -> int:
        """Input and output vectors."""
        return int(self._model.wv.vectors.nbytes + self._model.syn1neg.nbytes)


class _WordTexts:
    """The training split as lists of vocabulary words, as often as asked."""

    def __init__(self, corpus: PreparedCorpus) -> None:
        self._split = corpus.split("train")
        self._words = corpus.vocabulary.words

    def __iter__(self) -> Iterator[list[str]]:
        for number in range(len(self._split)):
            yield [self._words[word] for word in self._split[number][1:-1].tolist() if word < len(self._words)]
