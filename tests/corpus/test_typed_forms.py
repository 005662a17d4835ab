"""How words are typed is counted in the training split, exactly, and kept beside the vocabulary."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import succeed
from tests.corpus.preparations import CONFIG, PAIRS, files_of
from tests.english import texts
from tiankong.config import PrepareConfig
from tiankong.corpus.prepare import Sizes, prepare
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.sources import GivenTexts
from tiankong.corpus.typed_tokens import TypedPieces
from tiankong.errors import FolderError
from tiankong.pipeline.prepare import prepare as public_prepare
from tiankong.text.normalise import normalise, normalise_with_case
from tiankong.text.segment import Tokenizer
from tiankong.text.typed_forms import tells_form

ENGLISH = PrepareConfig(segmenter="unicode", minimum_count=1)
FILE = "typed_forms.txt"


def forms_of(folder: Path) -> list[str]:
    return (folder / FILE).read_text(encoding="utf-8").splitlines()


def prepared(lines, folder, **options):
    return public_prepare(lines, folder, segmenter="unicode", minimum_count=1, split=(90, 5, 5), **options)


def test_names_and_brands_have_forms_and_other_words_none(tmp_path):
    prepared(texts(), tmp_path / "out")
    forms = forms_of(tmp_path / "out")
    assert {"Anna", "McDonald", "Paris", "York", "NASA", "iPhone", "I", "Anna's", "McDonald's"} <= set(forms)
    assert not {"The", "She", "It's", "We", "Don't"} & set(forms)
    vocabulary = PreparedCorpus(tmp_path / "out").vocabulary.words
    ranks = [vocabulary.index(form.lower()) for form in forms]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(
    ("lines", "form"),
    [
        (["he saw Bo", "he met Bo", "she met bo"], "Bo"),
        (["he saw BO", "he met Bo", "she met Bo"], "Bo"),
        (["he saw BO", "he met Bo", "she met bo"], None),
        (["he saw Bo", "he met bo"], None),
        (["Bo came.", "Bo left", "they say Bo"], "Bo"),
        (["Bo came", 'he said: "Bo left!" Bo cried', "- (Bo)"], None),
        (["he saw a Bo-Bo", "he met bo,Bo"], "Bo"),
        (["he saw ＮＡＳＡ", "of &#78;ASA"], "NASA"),
        (["der Straße", "die Straße"], "Straße"),
        (["στην Ελλάς", "την Ελλάς"], "Ελλάς"),
    ],
)
def test_the_most_frequent_form_within_sentences(tmp_path, lines, form):
    texts_with_others = [*lines, *(f"word{number} number{number}" for number in range(90))]
    for seed in range(40):  # until all of the lines are in the training split
        config = PrepareConfig(segmenter="unicode", minimum_count=1, split=(90, 5, 5), seed=seed)
        corpus = prepare(
            GivenTexts(texts_with_others), tmp_path / f"{seed}", config, sizes=Sizes(chunk=60), processes=1
        )
        if _in_training(corpus, lines):
            break
    else:
        pytest.fail("no seed keeps the lines together")
    assert (forms_of(corpus.path) if (corpus.path / FILE).exists() else []) == ([] if form is None else [form])


def _in_training(corpus, lines):
    cut = Tokenizer(corpus.manifest.config).tokens
    training = [tuple(corpus.form(number) for number in ids[1:-1].tolist()) for ids in corpus.split("train")]
    return {tuple(cut(line)) for line in lines} <= set(training)


@pytest.mark.parametrize("segmenter", ["unicode", "whitespace", "rjieba", "icu"])
def test_counts_are_those_of_a_simple_count_whatever_the_chunks(tmp_path, segmenter):
    lines = [*texts(), *(text for text, _ in PAIRS[:80]), *(f"用 iPhone{number % 3} 看 NBA" for number in range(40))]
    config = PrepareConfig(segmenter=segmenter, minimum_count=2)
    whole = prepare(GivenTexts(lines), tmp_path / "whole", config, processes=1)
    for number, processes in enumerate((1, 2)):
        sizes = Sizes(chunk=900, hashes=50, entries=100)
        divided = prepare(GivenTexts(lines), tmp_path / f"{number}", config, processes=processes, sizes=sizes)
        assert files_of(divided.path) == files_of(whole.path)

    tokenizer = Tokenizer(config)
    counts: dict[str, Counter[str]] = {}
    training = Counter(tuple(ids[1:-1].tolist()) for ids in whole.split("train"))
    number_of = {whole.form(number): number for number in range(4, len(whole.vocabulary) + len(whole.other_words))}
    for line in lines:
        tokens = tokenizer.located_tokens(line)
        ids = tuple(number_of.get(token.text, 0) for token in tokens)
        if not training[ids]:
            continue
        training[ids] -= 1
        for before, token in itertools.pairwise(tokens):
            if tells_form(before.text) and token.text in whole.vocabulary:
                counts.setdefault(token.text, Counter())[normalize("NFKC", line[token.start : token.end])] += 1
    expected = set()
    for word, forms in counts.items():
        typed, count = max(sorted(forms.items()), key=lambda item: (item[1], item[0] == word))
        if typed != word and count > forms[word]:
            expected.add(typed)
    found = {form for form in forms_of(whole.path) if form.lower() in counts}
    assert found == expected != set()


def test_corpora_in_lower_case_or_as_typed_have_no_forms(tmp_path):
    lower = prepared([line.lower() for line in texts()], tmp_path / "lower")
    assert not (lower.path / FILE).exists()
    as_typed = prepared(texts(), tmp_path / "typed", normalisation="none")
    assert not (as_typed.path / FILE).exists()
    chinese = prepare(GivenTexts(PAIRS), tmp_path / "chinese", CONFIG)
    assert not (chinese.path / FILE).exists()


def test_a_corpus_of_the_same_vocabulary_has_the_same_forms(tmp_path):
    first = prepared(texts(), tmp_path / "first")
    upper = [line.upper() for line in texts()]
    other = public_prepare(upper, tmp_path / "other", segmenter="unicode", vocabulary_of=first.path)
    assert forms_of(other.path) == forms_of(first.path)


def test_a_changed_file_is_refused(tmp_path):
    file = tmp_path / "texts.txt"
    file.write_text("\n".join(texts()), encoding="utf-8")
    succeed("prepare", file, "-o", tmp_path / "out", "--segmenter", "unicode", "--quiet")
    (tmp_path / "out" / FILE).write_text("Anna\n", encoding="utf-8")
    with pytest.raises(FolderError, match=r"typed_forms\.txt in .* is damaged or was changed"):
        PreparedCorpus(tmp_path / "out")


CASED = st.lists(
    st.sampled_from(["Paris", "don’t", "ΟΔΟΣ", "İ", "ﬁN", "iPhone ", "ß", " ", ". ", "我LED", "\u200b", "A", "“q”"])
)


@given(CASED.map("".join), st.sampled_from(["standard", "plain-quotes", "none"]))
def test_the_typed_text_is_the_normalised_one_but_for_case(text, method):
    normalised, typed = normalise_with_case(text, method)
    assert normalised == normalise(text, method)
    assert len(typed) == len(normalised)
    assert [a for a, b in zip(normalised, typed, strict=True) if a != b] == [
        a for a, b in zip(normalised, typed, strict=True) if a != b and b.lower()[:1] in {a, "σ"}
    ]


@given(st.lists(CASED.map("".join), max_size=4), st.sampled_from(["unicode", "whitespace"]))
def test_tokens_with_capital_letters_are_found_where_they_stand(lines, segmenter):
    tokenizer = Tokenizer(PrepareConfig(segmenter=segmenter))
    pieces_of_texts = TypedPieces()
    expected, all_pieces, ends = [], [], [0]
    for number, line in enumerate(lines):
        normalised, typed = normalise_with_case(line, "standard")
        pieces = tokenizer.pieces(normalised)
        if typed is not normalised:
            pieces_of_texts.add(number, normalised, typed, pieces)
        at = 0
        for piece in pieces:
            at = normalised.index(piece, at) + len(piece)
            if tokenizer.token(piece) is not None:
                expected.append((tokenizer.token(piece), typed[at - len(piece) : at].strip()))
        all_pieces += pieces
        ends.append(len(all_pieces))
    is_token = np.array([tokenizer.token(piece) is not None for piece in all_pieces], dtype=bool)
    found = pieces_of_texts.tokens(np.array(ends), is_token)
    assert [
        (place, found.forms[number])
        for place, number in zip(found.places.tolist(), found.numbers.tolist(), strict=True)
    ] == [(place, typed) for place, (token, typed) in enumerate(expected) if token != typed]
