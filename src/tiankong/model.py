"""``tiankong.load`` and :class:`Model`: the public face of models that fill blanks and of classifiers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.built_in import model_path
from tiankong.artifact.model_folder import ModelFolder, open_model
from tiankong.artifact.model_reference import ModelReference
from tiankong.config import DEFAULT_MODEL
from tiankong.errors import OptionError, SentenceError
from tiankong.registry.tasks import LABELS, WORDS
from tiankong.request.answers import (
    CheckedWord,
    Explanation,
    Filled,
    JointAnswer,
    LabelShare,
    RankedCandidate,
    SegmentedWord,
)
from tiankong.request.loading import LoadOptions, load_folder
from tiankong.request.options import (
    CheckOptions,
    ConstraintOptions,
    FillOptions,
    JointOptions,
    ReadingOptions,
    check_threads,
)
from tiankong.request.texts import RAISE, OnError, answered
from tiankong.runtime.classifier import Classifier
from tiankong.runtime.loaded_model import LoadedModel
from tiankong.runtime.predictor import Predictor
from tiankong.tasks.check import DEFAULT_PRECISION, check
from tiankong.tasks.classify import TextClassifier, classify
from tiankong.tasks.embed import embed
from tiankong.tasks.explain import explain
from tiankong.tasks.fill import fill
from tiankong.tasks.joint import joint
from tiankong.tasks.rank import rank
from tiankong.tasks.segment import segment
from tiankong.tasks.zero_shot import ClassifierOf, zero_shot_classifiers
from tiankong.text.script import ChineseScript, Script


class Model:
    """A trained model. Methods may be called from several threads at once.

    Pickling a model stores its path, not its contents, so that it can be passed to other processes (``Pool.map``,
    ``ProcessPoolExecutor``, joblib): each of them loads and verifies the folder again when it first answers, and its
    methods raise :class:`~tiankong.errors.FolderError` if the folder is gone or holds another model. Copies share what
    is loaded.
    """

    def __init__(
        self, folder: ModelFolder, threads: int = 0, words: Sequence[str] = (), script: Script = "auto"
    ) -> None:
        """``words`` extend the vocabulary: the segmenter keeps them whole, and they are possible answers. ``script`` is
        how texts are read by methods that are not told otherwise.

        :raises OptionError: ``words`` are unusable, or the model is a classifier; ``script`` is unknown.
        """
        self.folder = folder
        options = LoadOptions(threads, words, script)
        self._loaded = load_folder(folder, options)
        self._options = options._replace(words=tuple(words))
        self._reference = ModelReference.of(folder)

    @cached_property
    def folder(self) -> ModelFolder:
        """The model's folder, as it was when the model was loaded.

        :raises FolderError: this model was unpickled, and the folder can't be opened or has changed.
        """
        return self._reference.open()

    @cached_property
    def _loaded(self) -> LoadedModel:
        return load_folder(self.folder, self._options)

    @cached_property
    def _zero_shot(self) -> ClassifierOf:
        return zero_shot_classifiers(self._loaded)

    def __getstate__(self) -> dict[str, Any]:
        """Where the model is, and no more, so that unpickling loads nothing: an error would end or hang the pool whose
        worker unpickles, while one that a method raises reaches the caller.
        """
        return {"_reference": self._reference, "_options": self._options}

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    @property
    def load_options(self) -> LoadOptions:
        """The ``threads``, ``words`` and ``script`` that the model was loaded with."""
        return self._options

    @property
    def labels(self) -> list[str]:
        """The labels of a classifier; empty if the model fills blanks."""
        return self.folder.manifest.labels

    @property
    def predictor(self) -> Predictor:
        """The predictor, which fills blanks.

        :raises FolderError: the model is a classifier.
        """
        self.folder.needs(WORDS)
        assert isinstance(self._loaded, Predictor)
        return self._loaded

    @overload
    def fill(self, sentence: str, top_k: int = 10, **options: Unpack[FillOptions]) -> Filled: ...

    @overload
    def fill(self, sentence: list[str], top_k: int = 10, **options: Unpack[FillOptions]) -> list[Filled]: ...

    @overload
    def fill(self, sentence: Iterator[str], top_k: int = 10, **options: Unpack[FillOptions]) -> Iterator[Filled]: ...

    @overload
    def fill(
        self, sentence: list[str], top_k: int = 10, *, on_error: Literal["return"], **options: Unpack[FillOptions]
    ) -> list[Filled | SentenceError]: ...

    @overload
    def fill(
        self, sentence: Iterator[str], top_k: int = 10, *, on_error: Literal["return"], **options: Unpack[FillOptions]
    ) -> Iterator[Filled | SentenceError]: ...

    def fill(
        self,
        sentence: str | Iterable[str],
        top_k: int = 10,
        decoding: str | None = None,
        targets: Sequence[str] | None = None,
        part_of_word: bool | None = None,
        blank: str | None = None,
        script: Script | None = None,
        *,
        on_error: OnError = RAISE,
        **constraints: Unpack[ConstraintOptions],
    ) -> Filled | list[Any] | Iterator[Any]:
        """The ``top_k`` best words for each blank of a sentence, or of each sentence of a list or another iterable.

        A sentence with one blank has a list of answers, one with several has such a list for each. A list has a list of
        answers. Any other iterable, such as a generator or a file, has an iterator: it reads at most 256 sentences
        ahead, in constant memory, and answers them in order. With ``on_error="return"``, a sentence that can't be
        answered has its :class:`SentenceError` as its answer, and the others are answered. ``decoding`` of a
        codes model is ``likelihood`` or ``distance``, by default the model's own. ``targets`` limits the answers to
        these words, also outside the vocabulary, or phrases. With ``part_of_word``, letters right next to a blank are
        part of the missing word (the last word before it, in languages without spaces). ``None`` means true for
        languages with spaces; in others, words right beside a blank may be part of its word or not, both are weighed,
        and an answer is what goes into the blank. ``constraints`` filter before ranking, so there are ``top_k`` answers
        whenever that many words match; they do not change scores.

        ``blank`` is how the sentence writes its blanks, such as ``[MASK]``, ``____`` or ``（　　）``; that alone is a
        blank then. ``None`` stands for two or more underscores or ``[MASK]``. A backslash makes a blank text:
        ``\\_\\_`` is ``__`` in the answers' ``sequence``. Brackets with nothing in them match with any number of
        spaces, a repeated character matches runs of at least that length.

        :raises SentenceError: a sentence has no blank, nothing but blanks, nothing that the model reads, is not
            Unicode, or has so many blanks that its answers would exceed memory; for a list or an iterable, the message
            begins with its number. An iterator raises it after the answers to the sentences before.
        :raises OptionError: ``top_k``, ``decoding``, ``targets``, ``blank``, ``on_error`` or the constraints are
            unusable.
        """
        predictor, chosen = self.predictor, self._chosen(script)

        def answer(sentences: str | list[str], on_error: OnError) -> list[Filled | SentenceError]:
            filled = fill(
                predictor, sentences, top_k, decoding, targets, part_of_word, blank, chosen, on_error, **constraints
            )
            return [
                blanks[0] if not isinstance(blanks, SentenceError) and len(blanks) == 1 else blanks for blanks in filled
            ]

        answers: Filled | list[Any] | Iterator[Any] = answered(sentence, answer, "sentence", on_error)
        return answers

    @overload
    def joint(self, sentence: str, top_k: int = 10, **options: Unpack[JointOptions]) -> list[JointAnswer]: ...

    @overload
    def joint(
        self, sentence: list[str], top_k: int = 10, **options: Unpack[JointOptions]
    ) -> list[list[JointAnswer]]: ...

    @overload
    def joint(
        self, sentence: Iterator[str], top_k: int = 10, **options: Unpack[JointOptions]
    ) -> Iterator[list[JointAnswer]]: ...

    @overload
    def joint(
        self, sentence: list[str], top_k: int = 10, *, on_error: Literal["return"], **options: Unpack[JointOptions]
    ) -> list[list[JointAnswer] | SentenceError]: ...

    @overload
    def joint(
        self, sentence: Iterator[str], top_k: int = 10, *, on_error: Literal["return"], **options: Unpack[JointOptions]
    ) -> Iterator[list[JointAnswer] | SentenceError]: ...

    def joint(
        self,
        sentence: str | Iterable[str],
        top_k: int = 10,
        targets: Sequence[str] | None = None,
        part_of_word: bool | None = None,
        blank: str | None = None,
        script: Script | None = None,
        *,
        on_error: OnError = RAISE,
        **constraints: Unpack[ConstraintOptions],
    ) -> list[JointAnswer] | list[Any] | Iterator[Any]:
        """The ``top_k`` best fillings of all blanks of a sentence together, or of each sentence of a list or another
        iterable.

        ``targets`` and ``constraints`` apply to every blank; only single words are filled in, so phrases among the
        targets are ignored. ``part_of_word``, ``blank`` and ``on_error`` are as for :meth:`fill`, and so are iterables.

        :raises SentenceError: as :meth:`fill`; more blanks than :data:`~tiankong.tasks.joint.MOST_BLANKS`.
        :raises OptionError: ``top_k``, ``targets``, ``blank`` or the constraints are unusable.
        """
        predictor, chosen = self.predictor, self._chosen(script)

        def answer(sentences: str | list[str], on_error: OnError) -> list[list[JointAnswer] | SentenceError]:
            return joint(predictor, sentences, top_k, targets, part_of_word, blank, chosen, on_error, **constraints)

        answers: list[JointAnswer] | list[Any] | Iterator[Any] = answered(sentence, answer, "sentence", on_error)
        return answers

    def rank(
        self,
        sentence: str | Sequence[str],
        candidates: Sequence[str] | None = None,
        part_of_word: bool | None = None,
        blank: str | None = None,
        script: Script | None = None,
    ) -> list[RankedCandidate]:
        """``candidates`` for the one blank of a sentence, or a list of whole sentences, best first.

        Candidates are words, also outside the vocabulary, or phrases. ``score`` sums to one over what is compared.
        ``part_of_word`` and ``blank`` are as for :meth:`fill`. Whole sentences have no blank: ``__`` is text in them,
        as it is in candidates.

        :raises SentenceError: not exactly one blank; fewer than two sentences, or one without a word.
        :raises OptionError: the candidates or ``blank`` are unusable, or there are both candidates and several
            sentences.
        """
        return rank(self.predictor, sentence, candidates, part_of_word, blank, self._chosen(script))

    @overload
    def check(
        self, text: str, precision: float = DEFAULT_PRECISION, **options: Unpack[CheckOptions]
    ) -> list[CheckedWord]: ...

    @overload
    def check(
        self, text: list[str], precision: float = DEFAULT_PRECISION, **options: Unpack[CheckOptions]
    ) -> list[list[CheckedWord]]: ...

    @overload
    def check(
        self, text: Iterator[str], precision: float = DEFAULT_PRECISION, **options: Unpack[CheckOptions]
    ) -> Iterator[list[CheckedWord]]: ...

    @overload
    def check(
        self,
        text: list[str],
        precision: float = DEFAULT_PRECISION,
        *,
        on_error: Literal["return"],
        **options: Unpack[CheckOptions],
    ) -> list[list[CheckedWord] | SentenceError]: ...

    @overload
    def check(
        self,
        text: Iterator[str],
        precision: float = DEFAULT_PRECISION,
        *,
        on_error: Literal["return"],
        **options: Unpack[CheckOptions],
    ) -> Iterator[list[CheckedWord] | SentenceError]: ...

    def check(
        self,
        text: str | Iterable[str],
        precision: float = DEFAULT_PRECISION,
        suggestions: int = 3,
        ignore: Collection[str] = (),
        script: Script | None = None,
        *,
        on_error: OnError = RAISE,
    ) -> list[CheckedWord] | list[Any] | Iterator[Any]:
        """Every word of a text, or of each text of a list or another iterable, with its probability given all others
        and whether it fits.

        A share ``precision`` of the flagged words is wrong, as measured on validation texts with one typing error each.
        A word outside the vocabulary is wrong if another that is one character or letter away is far more probable.
        Where an error has cut a word into several, they are flagged as one. The words and phrases of ``ignore`` are
        never flagged, wherever they stand in a text. There are no blanks: ``__`` is text. ``on_error`` is as
        for :meth:`fill`, and so are iterables.

        :raises SentenceError: a text is not a string or not Unicode; for a list, the message begins with its number.
        :raises OptionError: ``precision``, ``suggestions`` or ``ignore`` is unusable; the model can't detect errors.
        """
        predictor, chosen = self.predictor, self._chosen(script)

        def answer(texts: str | list[str], on_error: OnError) -> list[list[CheckedWord] | SentenceError]:
            return check(predictor, texts, precision, suggestions, ignore, chosen, on_error=on_error)

        answers: list[CheckedWord] | list[Any] | Iterator[Any] = answered(text, answer, "text", on_error)
        return answers

    def explain(
        self,
        sentence: str,
        word: str | None = None,
        blank: int = 0,
        part_of_word: bool | None = None,
        blank_text: str | None = None,
        script: Script | None = None,
    ) -> Explanation:
        """The best word for one blank, or ``word``, and the influence of each word around it: how much its probability
        falls when that word is a blank, too.

        Blanks are counted from 0. The influence of the nearest :data:`~tiankong.tasks.explain.NEAREST` words on each
        side is measured. ``blank_text`` is as ``blank`` of :meth:`fill`, and so is ``part_of_word``; without it, words
        right beside the blank are words of their own in languages without spaces.

        :raises SentenceError: as :meth:`fill`.
        :raises OptionError: there is no such blank; ``word`` is a phrase, has no letter, or can't fill the blank;
            ``blank_text`` is unusable.
        """
        return explain(self.predictor, sentence, word, blank, part_of_word, blank_text, self._chosen(script))

    @overload
    def classify(
        self,
        text: str,
        prompts: Sequence[str] | None = None,
        labels: Mapping[str, Sequence[str]] | None = None,
        **options: Unpack[ReadingOptions],
    ) -> list[LabelShare]: ...

    @overload
    def classify(
        self,
        text: list[str],
        prompts: Sequence[str] | None = None,
        labels: Mapping[str, Sequence[str]] | None = None,
        **options: Unpack[ReadingOptions],
    ) -> list[list[LabelShare]]: ...

    @overload
    def classify(
        self,
        text: Iterator[str],
        prompts: Sequence[str] | None = None,
        labels: Mapping[str, Sequence[str]] | None = None,
        **options: Unpack[ReadingOptions],
    ) -> Iterator[list[LabelShare]]: ...

    @overload
    def classify(
        self,
        text: list[str],
        prompts: Sequence[str] | None = None,
        labels: Mapping[str, Sequence[str]] | None = None,
        *,
        on_error: Literal["return"],
        **options: Unpack[ReadingOptions],
    ) -> list[list[LabelShare] | SentenceError]: ...

    @overload
    def classify(
        self,
        text: Iterator[str],
        prompts: Sequence[str] | None = None,
        labels: Mapping[str, Sequence[str]] | None = None,
        *,
        on_error: Literal["return"],
        **options: Unpack[ReadingOptions],
    ) -> Iterator[list[LabelShare] | SentenceError]: ...

    def classify(
        self,
        text: str | Iterable[str],
        prompts: Sequence[str] | None = None,
        labels: Mapping[str, Sequence[str]] | None = None,
        blank: str | None = None,
        script: Script | None = None,
        *,
        on_error: OnError = RAISE,
    ) -> list[LabelShare] | list[Any] | Iterator[Any]:
        """The labels of a text, or of each text of a list or another iterable, most probable first.

        A classifier takes only texts. A model that fills blanks classifies without training: each of ``prompts`` has
        ``{text}`` where the text goes and one blank, as in ``{text}，总的来说很__。``; ``labels`` maps each label to
        words that indicate it in that blank. A word counts by how much the text raises its probability. Texts may be of
        any length: one of more than :data:`~tiankong.text.pieces.LONGEST_PIECE` tokens is split into pieces of equal
        length, whose scores are averaged. ``blank`` is how the prompts write their blank, as for :meth:`fill`; in the
        texts, ``__`` is text. ``on_error`` is as for :meth:`fill`, and so are iterables.

        :raises SentenceError: a text has no word or is not Unicode; for a list, the message begins with its number.
        :raises OptionError: ``prompts``, ``labels`` or ``blank`` are unusable, or the model has labels of its own.
        :raises FolderError: the model fills blanks, and there are neither prompts nor labels.
        """
        classifier: TextClassifier
        if prompts is None and labels is None:
            if blank is not None:
                raise OptionError("`blank` is for `prompts`: leave it out, a text to classify has no blank")
            self.folder.needs(LABELS)
            assert isinstance(self._loaded, Classifier)
            classifier = self._loaded
        else:
            classifier = self._zero_shot(prompts, labels, blank, self._chosen(script))
        chosen = self._chosen(script)

        def answer(texts: str | list[str], on_error: OnError) -> list[list[LabelShare] | SentenceError]:
            return classify(classifier, texts, chosen, on_error)

        answers: list[LabelShare] | list[Any] | Iterator[Any] = answered(text, answer, "text", on_error)
        return answers

    def _chosen(self, script: Script | None) -> Script:
        return self._options.script if script is None else script

    def read_as(self, text: str, script: Script | None = None) -> ChineseScript | None:
        """The script that ``text`` is converted to before it is read; ``None`` if it is read as typed.

        :raises OptionError: ``script`` is unknown.
        """
        conversion = self._loaded.reader(self._chosen(script), text).conversion
        return None if conversion is None else conversion.read_as

    def reads(self, text: str) -> bool:
        """Whether ``text`` has a word that the model reads."""
        try:
            self._loaded.read(text, self._options.script)
        except SentenceError:
            return False
        return True

    def segment(self, text: str, blank: str | None = None, script: Script | None = None) -> list[SegmentedWord]:
        """The words, punctuation marks and blanks of a text as the model reads them, with their positions.

        ``blank`` is as for :meth:`fill`.

        :raises SentenceError: ``text`` is not a string or not Unicode.
        :raises OptionError: ``blank`` is unusable.
        """
        return segment(self.predictor, text, blank, self._chosen(script))

    @overload
    def embed(self, sentence: str, blank: str | None = None, script: Script | None = None) -> NDArray[np.float32]: ...

    @overload
    def embed(
        self, sentence: list[str], blank: str | None = None, script: Script | None = None
    ) -> list[NDArray[np.float32]]: ...

    @overload
    def embed(
        self, sentence: Iterator[str], blank: str | None = None, script: Script | None = None
    ) -> Iterator[NDArray[np.float32]]: ...

    @overload
    def embed(
        self,
        sentence: list[str],
        blank: str | None = None,
        script: Script | None = None,
        *,
        on_error: Literal["return"],
    ) -> list[NDArray[np.float32] | SentenceError]: ...

    @overload
    def embed(
        self,
        sentence: Iterator[str],
        blank: str | None = None,
        script: Script | None = None,
        *,
        on_error: Literal["return"],
    ) -> Iterator[NDArray[np.float32] | SentenceError]: ...

    def embed(
        self,
        sentence: str | Iterable[str],
        blank: str | None = None,
        script: Script | None = None,
        *,
        on_error: OnError = RAISE,
    ) -> NDArray[np.float32] | list[Any] | Iterator[Any]:
        """The context vector of each blank of a sentence, (blanks, E), or of each sentence of a list or another
        iterable.

        The head compares it with the output vectors of words. In a codes model it has a logit for each bit. ``blank``
        and ``on_error`` are as for :meth:`fill`, and so are iterables.

        :raises SentenceError: as :meth:`fill`.
        :raises OptionError: ``blank`` is unusable.
        :raises FolderError: the model folder was written before ``embed`` existed.
        """
        predictor, chosen = self.predictor, self._chosen(script)

        def answer(sentences: str | list[str], on_error: OnError) -> list[NDArray[np.float32] | SentenceError]:
            return embed(predictor, sentences, blank, chosen, on_error)

        answers: NDArray[np.float32] | list[Any] | Iterator[Any] = answered(sentence, answer, "sentence", on_error)
        return answers


def load(
    model: str | Path = DEFAULT_MODEL, *, threads: int = 0, words: Sequence[str] = (), script: Script = "auto"
) -> Model:
    """Loads the built-in model of that name, or the model in that folder; ``words`` extend its vocabulary.

    Without a name it is the general model for Chinese: a model is loaded before there is a text whose language could
    decide.

    ``threads`` to compute with; 0 means one per processor that this process may use.

    A model that was trained on simplified Chinese reads traditional Chinese converted, and answers in it; a model of
    traditional Chinese does the reverse. With ``script="as-is"``, every text is read as typed; each method takes the
    same argument for one call.

    :raises FolderError: there is no such model, or it is newer, damaged or edited.
    :raises OptionError: ``threads``, ``words`` or ``script`` are unusable.
    """
    check_threads(threads)
    return Model(open_model(model_path(model)), threads, words, script)
