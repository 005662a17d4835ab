"""``tiankong.load``: a model that fills blanks, or one that tells labels apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Unpack, overload

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.built_in import model_path
from tiankong.artifact.model_folder import CLASSIFY, CLOZE, ModelFolder, open_model
from tiankong.config import DECODINGS, DEFAULT_MODEL
from tiankong.errors import FolderError, OptionError, SentenceError, in_which
from tiankong.request.allowed_answers import AllowedAnswers
from tiankong.request.answers import (
    MOST_ANSWERS,
    CheckedWord,
    Explanation,
    Filled,
    JointAnswer,
    LabelShare,
    RankedCandidate,
    SegmentedWord,
)
from tiankong.request.candidates import check_kept_whole, parse_candidates, parse_words
from tiankong.request.constraints import ConstraintOptions, Constraints, check_constraints
from tiankong.request.queries import parse_queries
from tiankong.request.whole_number import is_whole
from tiankong.runtime.loaded_model import LoadedModel
from tiankong.runtime.predictor import Predictor, Reading
from tiankong.tasks.check import SURE, check
from tiankong.tasks.classify import Classifier
from tiankong.tasks.explain import explain
from tiankong.tasks.fill import fill
from tiankong.tasks.joint import MOST_BLANKS, MOST_TOGETHER, fill_together
from tiankong.tasks.rank import rank_candidates, rank_sentences
from tiankong.tasks.segment import segment
from tiankong.tasks.zero_shot import Question, ZeroShot, as_question

_CLASSIFIERS_KEPT = 16


class Model:
    """A trained model. Methods may be called from several threads at once."""

    def __init__(self, folder: ModelFolder, threads: int = 0, words: Sequence[str] = ()) -> None:
        """``words`` join the vocabulary: they are kept whole in sentences and come as answers.

        :raises OptionError: ``words``, also of a model that tells labels apart.
        """
        self.folder = folder
        self._predictor: Predictor | None = None
        self._classifier: Classifier | None = None
        self._zero_shot: Callable[[Question], ZeroShot] | None = None
        if folder.manifest.task == CLASSIFY:
            if words:
                raise OptionError(f"{folder.path.name} tells labels apart, and no words can join it: leave them out")
            self._classifier = Classifier(folder, threads)
        else:
            predictor = Predictor(folder, threads, parse_words(words, folder.manifest.prepare))
            check_kept_whole(predictor)
            self._predictor = predictor
            # It refers to nothing that refers to it, so that the memory of an exchanged model is free at once.
            self._zero_shot = lru_cache(_CLASSIFIERS_KEPT)(lambda question: ZeroShot(question, predictor))

    @property
    def labels(self) -> list[str]:
        """What the model was trained to tell apart; none if it fills blanks."""
        return self.folder.manifest.labels

    @property
    def predictor(self) -> Predictor:
        """What fills blanks.

        :raises FolderError: the model tells labels apart.
        """
        self.folder.needs(CLOZE)
        assert self._predictor is not None
        return self._predictor

    @overload
    def fill(
        self,
        sentence: str,
        top_k: int = 10,
        decoding: str | None = None,
        targets: Sequence[str] | None = None,
        part_of_word: bool | None = None,
        **constraints: Unpack[ConstraintOptions],
    ) -> Filled: ...

    @overload
    def fill(
        self,
        sentence: list[str],
        top_k: int = 10,
        decoding: str | None = None,
        targets: Sequence[str] | None = None,
        part_of_word: bool | None = None,
        **constraints: Unpack[ConstraintOptions],
    ) -> list[Filled]: ...

    def fill(
        self,
        sentence: str | list[str],
        top_k: int = 10,
        decoding: str | None = None,
        targets: Sequence[str] | None = None,
        part_of_word: bool | None = None,
        **constraints: Unpack[ConstraintOptions],
    ) -> Filled | list[Filled]:
        """The ``top_k`` best words for each blank of a sentence, or of each sentence of a list.

        ``decoding`` of a codes model: ``likelihood`` or ``distance``; without it, the model's own. ``targets`` are the
        only answers wanted: words, also outside the vocabulary, or phrases. ``part_of_word``: letters right beside a
        blank belong to the missing word (the last word before it, where words are written without spaces); ``None`` is
        true where they are written with spaces. ``constraints`` are looked at before ranking: ``top_k`` answers come if
        so many fit. Scores are those without constraints.

        :raises SentenceError: a sentence has no blank, nothing but blanks, no known word, is too long or not Unicode;
            of a list, the message begins with its number.
        :raises OptionError: ``top_k``, ``decoding``, ``targets`` or the constraints.
        """
        checked = self._checked(top_k, decoding, constraints)
        candidates = None if targets is None else parse_candidates(targets, self.predictor)
        queries = parse_queries(sentence, self.predictor, part_of_word)
        answers = list(fill(queries, top_k, decoding, AllowedAnswers(candidates, checked, self.predictor)))
        return answers[0] if isinstance(sentence, str) else answers

    @overload
    def joint(
        self,
        sentence: str,
        top_k: int = 10,
        targets: Sequence[str] | None = None,
        part_of_word: bool | None = None,
        **constraints: Unpack[ConstraintOptions],
    ) -> list[JointAnswer]: ...

    @overload
    def joint(
        self,
        sentence: list[str],
        top_k: int = 10,
        targets: Sequence[str] | None = None,
        part_of_word: bool | None = None,
        **constraints: Unpack[ConstraintOptions],
    ) -> list[list[JointAnswer]]: ...

    def joint(
        self,
        sentence: str | list[str],
        top_k: int = 10,
        targets: Sequence[str] | None = None,
        part_of_word: bool | None = None,
        **constraints: Unpack[ConstraintOptions],
    ) -> list[JointAnswer] | list[list[JointAnswer]]:
        """The ``top_k`` best fillings of all blanks of a sentence together, or of each sentence of a list.

        Every blank keeps to ``targets``, of which phrases take no part (with nothing but phrases there is no filling),
        and to the ``constraints``. ``part_of_word`` is as for :meth:`fill`.

        :raises SentenceError: as :meth:`fill`, and more blanks than :data:`~tiankong.tasks.joint.MOST_BLANKS`.
        :raises OptionError: ``top_k``, ``targets`` or the constraints.
        """
        checked = self._checked(top_k, None, constraints, MOST_TOGETHER)
        candidates = None if targets is None else parse_candidates(targets, self.predictor)
        allowed_answers = AllowedAnswers(candidates, checked, self.predictor)
        queries = parse_queries(sentence, self.predictor, part_of_word, MOST_BLANKS)
        answers = [fill_together(query, top_k, allowed_answers) for query in queries]
        return answers[0] if isinstance(sentence, str) else answers

    def rank(
        self,
        sentence: str | Sequence[str],
        candidates: Sequence[str] | None = None,
        part_of_word: bool | None = None,
    ) -> list[RankedCandidate]:
        """``candidates`` for the one blank of a sentence, or a list of whole sentences, best first.

        Candidates are words, also outside the vocabulary, or phrases. ``score`` sums to one over what is compared.

        :raises SentenceError: not exactly one blank; fewer than two sentences, or one with a blank or without a word.
        :raises OptionError: the candidates, or both candidates and several sentences.
        """
        if isinstance(sentence, str):
            return rank_candidates(sentence, [] if candidates is None else candidates, part_of_word, self.predictor)
        if candidates is not None:
            raise OptionError("give candidates for the blank of one sentence, or several sentences without candidates")
        return rank_sentences(sentence, self.predictor)

    @overload
    def check(self, text: str, precision: float = SURE, suggestions: int = 3) -> list[CheckedWord]: ...

    @overload
    def check(self, text: list[str], precision: float = SURE, suggestions: int = 3) -> list[list[CheckedWord]]: ...

    def check(
        self, text: str | list[str], precision: float = SURE, suggestions: int = 3
    ) -> list[CheckedWord] | list[list[CheckedWord]]:
        """Every word of a text, or of each text of a list, with its probability given all others and whether it fits.

        Words are flagged so that a share ``precision`` of them is wrong, as measured on validation texts of which one
        word each was exchanged. Those outside the vocabulary are judged by their characters.

        :raises SentenceError: no string, a blank in it, too long or not Unicode; of a list, the message begins with
            its number.
        :raises OptionError: ``precision`` or ``suggestions``; the model was made without what this needs.
        """
        if not is_whole(suggestions) or not 0 <= suggestions <= MOST_ANSWERS:
            raise OptionError(f"suggestions must be a whole number from 0 to {MOST_ANSWERS:,}, not {suggestions!r}")
        if isinstance(text, str):
            return check(text, precision, suggestions, self.predictor)
        if not isinstance(text, list | tuple):
            raise SentenceError(f"give a text or a list of texts, not {type(text).__name__}")
        checked = []
        for number, one in enumerate(text, start=1):
            with in_which(f"text {number}"):
                checked.append(check(one, precision, suggestions, self.predictor))
        return checked

    def explain(
        self, sentence: str, word: str | None = None, blank: int = 0, part_of_word: bool | None = None
    ) -> Explanation:
        """The best word for one blank, or ``word``, and what each word around does for it: by how much its probability
        falls when that word is blank too.

        Blanks are counted from 0. The nearest :data:`~tiankong.tasks.explain.NEAREST` words on each side have an
        influence. ``part_of_word`` is as for :meth:`fill`.

        :raises SentenceError: as :meth:`fill`.
        :raises OptionError: there is no such blank; ``word`` is a phrase, has no letter, or can't stand there.
        """
        return explain(sentence, word, blank, part_of_word, self.predictor)

    @overload
    def classify(
        self, text: str, prompts: Sequence[str] | None = None, labels: Mapping[str, Sequence[str]] | None = None
    ) -> list[LabelShare]: ...

    @overload
    def classify(
        self, text: list[str], prompts: Sequence[str] | None = None, labels: Mapping[str, Sequence[str]] | None = None
    ) -> list[list[LabelShare]]: ...

    def classify(
        self,
        text: str | list[str],
        prompts: Sequence[str] | None = None,
        labels: Mapping[str, Sequence[str]] | None = None,
    ) -> list[LabelShare] | list[list[LabelShare]]:
        """The labels of a text, or of each text of a list, most probable first.

        A model that was trained to tell labels apart is given texts alone. One that fills blanks needs no training:
        each of ``prompts`` has ``{text}`` where the text goes and one blank, as ``{text}，总的来说很__。``; ``labels``
        gives the words that speak for each label in that blank. A word counts by how much likelier the text makes it.
        Texts may be of any length: what is longer than :data:`~tiankong.text.pieces.LONGEST_PIECE` tokens is read in
        pieces of equal length, which count by it.

        :raises SentenceError: a text without a word, or not Unicode; of a list, the message begins with its number.
        :raises OptionError: ``prompts`` or ``labels``, also for a model that has labels of its own.
        :raises FolderError: no prompts and labels for a model that fills blanks.
        """
        opened: LoadedModel = self._classifier or self.predictor
        classifier: Classifier | ZeroShot
        if prompts is None and labels is None:
            self.folder.needs(CLASSIFY)
            assert self._classifier is not None
            classifier = self._classifier
        elif self.labels:
            raise OptionError(
                f"{self.folder.path.name} was trained for labels of its own: leave prompts and labels out"
            )
        elif prompts is None or labels is None:
            raise OptionError("prompts and labels go together: give both")
        else:
            assert self._zero_shot is not None
            classifier = self._zero_shot(as_question(prompts, labels))
        if isinstance(text, str):
            return classifier.shares([opened.read(text)])[0]
        if not isinstance(text, list | tuple):
            raise SentenceError(f"give a text or a list of texts, not {type(text).__name__}")
        read = []
        for number, one in enumerate(text, start=1):
            with in_which(f"text {number}"):
                read.append(opened.read(one))
        return classifier.shares(read)

    def reads(self, text: str) -> bool:
        """Whether there is a word in ``text`` that the model reads."""
        opened: LoadedModel = self._classifier or self.predictor
        try:
            opened.read(text)
        except SentenceError:
            return False
        return True

    def segment(self, text: str) -> list[SegmentedWord]:
        """Words, marks and blanks of a text as the model reads them, with their places in it.

        :raises SentenceError: no string, too long or not Unicode.
        """
        return segment(text, self.predictor)

    @overload
    def embed(self, sentence: str) -> NDArray[np.float32]: ...

    @overload
    def embed(self, sentence: list[str]) -> list[NDArray[np.float32]]: ...

    def embed(self, sentence: str | list[str]) -> NDArray[np.float32] | list[NDArray[np.float32]]:
        """The context vector of each blank of a sentence, (blanks, E), or of each sentence of a list.

        It is what the head compares with the words' output vectors; of a codes model, a logit for each bit.

        :raises SentenceError: as :meth:`fill`.
        :raises FolderError: the model was made before there was this.
        """
        if not self.predictor.session.gives_context and self.folder.manifest.model.head != "codes":
            raise FolderError(
                f"{self.folder.path} was made by an earlier tiankong, before embed: train or export it again"
            )
        queries, reading = parse_queries(sentence, self.predictor), Reading(self.predictor)
        found = reading.predictions([query.window(reading) for query in queries])
        vectors = [np.stack([next(found).context for _ in query.affixes]) for query in queries]
        return vectors[0] if isinstance(sentence, str) else vectors

    def _checked(
        self, top_k: int, decoding: str | None, constraints: ConstraintOptions, most: int = MOST_ANSWERS
    ) -> Constraints | None:
        checked, problems = check_constraints(constraints, self.predictor.tokenizer.normalise)
        if not is_whole(top_k) or not 1 <= top_k <= most:
            problems.append(f"top_k must be a whole number from 1 to {most:,}, not {top_k!r}")
        if decoding is not None and decoding not in DECODINGS:
            problems.append(f"decoding must be one of {', '.join(DECODINGS)}, not {decoding}")
        elif decoding == "distance" and self.predictor.codes_decoder is None:
            problems.append("decoding distance needs a model with head codes")
        if problems:
            raise OptionError(problems)
        return checked


def load(model: str | Path = DEFAULT_MODEL, *, threads: int = 0, words: Sequence[str] = ()) -> Model:
    """The built-in model of that name, or the one in that folder; ``words`` join its vocabulary.

    :raises FolderError: it is not there, not a model, newer, torn or edited.
    :raises OptionError: ``threads`` or ``words``.
    """
    if not is_whole(threads) or threads < 0:
        raise OptionError(f"threads must be 0 (one a core) or more, not {threads!r}")
    return Model(open_model(model_path(model)), threads, words)
