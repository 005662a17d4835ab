"""The practice corpus: repeatable, varied, coherent, and written as the corpus reader expects it."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest
import rjieba
from hypothesis import given, settings
from hypothesis import strategies as st

from tiankong.sample.draws import ranked
from tiankong.sample.grammar import MOST, Review, reviews, write_practice_corpus
from tiankong.sample.lexicon import load_lexicon
from tiankong.sample.template import parse, render, slot_names

ONLY_GOOD = ("值得购买", "五星好评", "必须好评", "推荐大家购买", "下次还会再来", "爱了爱了", "物有所值")
ONLY_BAD = ("不会再来", "不会再买", "退货了", "差评", "后悔", "垃圾", "浪费钱", "谁买谁后悔", "太失望", "别上当")
HE = "老公|爸爸|男朋友|弟弟|老爸|爷爷|公公|岳父"
SHE = "妈妈|老婆|女儿|女朋友|妹妹|姐姐|婆婆|奶奶|老妈|闺蜜"


@pytest.fixture(scope="module")
def corpus() -> list[Review]:
    return list(reviews())


@pytest.fixture(scope="module")
def cut(corpus: list[Review]) -> list[list[str]]:
    return [rjieba.cut(review.text) for review in corpus]


def texts_with(corpus: list[Review], *wanted: str) -> list[str]:
    return [review.text for review in corpus if any(word in review.text for word in wanted)]


def test_count_and_no_two_equal_texts(corpus):
    assert len(corpus) == 20_000
    assert len({review.text for review in corpus}) == 20_000


def test_same_seed_same_reviews_and_another_seed_others():
    first = list(reviews(300, seed=7))
    assert list(reviews(300, seed=7)) == first
    assert len(set(first) & set(reviews(300, seed=8))) < 30


def test_draws_are_the_same_on_every_python_version():
    rng = random.Random(1)
    assert [ranked(rng, 9) for _ in range(16)] == [0, 6, 4, 0, 2, 1, 3, 5, 0, 0, 5, 1, 4, 0, 1, 4]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(), count=st.integers(1, 40), fewer=st.integers(1, 40))
def test_any_seed_gives_whole_sentences_and_fewer_are_the_first_of_more(seed, count, fewer):
    made = list(reviews(count, seed))
    assert list(reviews(min(count, fewer), seed)) == made[:fewer]
    for review in made:
        assert review.label in (0, 1)
        assert not re.search(r"__|,|\s|[\[\]{}|+]|，，|^[，。！？、；]|[，、；]$|。。(?!。)", review.text), review.text
        assert re.search(r"[一-鿿]{2}", review.text)


@pytest.mark.parametrize("count", [0, -1, MOST + 1])
def test_a_count_out_of_range_is_refused_at_once(count, tmp_path):
    with pytest.raises(ValueError, match=f"from 1 to {MOST}, not {count}"):
        reviews(count)
    with pytest.raises(ValueError, match="count"):
        write_practice_corpus(tmp_path / "corpus.txt", count)
    assert list(tmp_path.iterdir()) == []


def test_labels_agree_with_what_is_said(corpus):
    for review in corpus:
        wrong = ONLY_BAD if review.label else ONLY_GOOD
        assert not any(word in review.text for word in wrong), review


def test_both_labels_and_mixed_reviews_are_common(corpus):
    assert 0.55 < sum(review.label for review in corpus) / len(corpus) < 0.7
    turned = [review for review in corpus if re.search(r"但|不过|就是|可惜|虽", review.text)]
    assert 0.15 < len(turned) / len(corpus) < 0.45
    assert {review.label for review in turned} == {0, 1}


def test_lengths_spread_from_a_few_words_to_about_sixty(cut):
    lengths = sorted(map(len, cut))
    assert lengths[0] <= 4
    assert lengths[200] <= 6
    assert 20 <= lengths[10_000] <= 28
    assert lengths[19_000] >= 42
    assert lengths[-1] <= 80


def test_words_are_many_and_their_frequencies_fall_steeply(cut):
    counts = Counter(word for words in cut for word in words)
    common = counts.most_common()
    assert 1_200 < len(counts) < 2_200
    assert sum(number >= 20 for number in counts.values()) > 1_000
    assert common[20][1] > 4 * common[200][1] > 12 * common[900][1]
    assert sum(number for _, number in common[:1_500]) > 0.99 * counts.total()


def test_every_category_is_there_often_enough_to_learn_from(corpus):
    categories = load_lexicon().categories
    assert len(categories) >= 10
    for category, products in categories.items():
        nouns = [noun for product in products for noun in product.nouns]
        assert len(texts_with(corpus, *nouns)) > 80, category


def test_products_are_spoken_of_as_what_they_are(corpus):
    assert not [text for text in texts_with(corpus, "酒店", "宾馆", "民宿") if re.search("物流|快递|发货", text)]
    assert not [text for text in texts_with(corpus, "手机", "冰箱", "洗发水") if re.search("穿着|好吃|面料", text)]
    assert not [text for text in texts_with(corpus, "羽绒服", "外套") if re.search("屏幕|好喝|电池|凉快", text)]
    assert not [text for text in texts_with(corpus, "苹果", "橙子") if re.search("穿|尺码|音质|爱不释手", text)]
    screens = Counter(
        re.findall(r"屏幕(?:很|非常|特别|挺)([^，。！；]+?)(?:的?)[，。！；]", "\n".join(r.text for r in corpus))
    )
    assert {"清晰", "大"} <= set(screens)
    assert not {"柔软", "好吃", "合身", "快"} & set(screens)


def test_pronouns_agree_with_the_person_it_was_bought_for(corpus):
    joined = "\n".join(review.text for review in corpus)
    assert not re.findall(rf"(?:给|帮|替)(?:{HE})买的[^，。]*，她", joined)
    assert not re.findall(rf"(?:给|帮|替)(?:{SHE})买的[^，。]*，他", joined)


@pytest.mark.parametrize(
    ("pattern", "occurrences", "kinds"),
    [
        (r"(?:物流|快递|发货)([^，。！；]{1,6})，第二天就到了", 300, 15),
        (r"(?:给|替|帮)(..?.?)买的[^，。]*，他[^们]", 300, 10),
        (r"屏幕([^，。！；]{1,6})，看[^，。！]+(?:舒服|清楚|过瘾)", 60, 12),
        (r"客服态度([^，。！；]{1,6})[，。！；]", 500, 30),
        (r"(?:外套|风衣|大衣|夹克)的?做工([^，。！；]{1,6})", 100, 25),
        (r"(穿[^，。！；]{1,4})暖和", 300, 6),
    ],
)
def test_context_patterns_recur_with_varied_words(corpus, pattern, occurrences, kinds):
    found = Counter(hit for review in corpus for hit in re.findall(pattern, review.text))
    assert found.total() >= occurrences
    assert len(found) >= kinds


def test_delivery_is_fast_where_it_came_the_next_day(corpus):
    hits = [
        hit
        for review in corpus
        for hit in re.findall(r"(?:物流|快递|发货)([^，。！；]{1,6})，第二天就到了", review.text)
    ]
    assert not [hit for hit in hits if "慢" in hit or "差" in hit]


def test_nothing_is_praised_and_blamed_in_one_review(corpus):
    """A review names the delivery, and a word such as 面料 before its judgement, once."""
    for review in corpus:
        assert len(re.findall(r"(?:物流|快递|发货|送货)(?:速度)?(?:也|很|非常|特别|挺|太|真)", review.text)) <= 1, (
            review
        )
        assert not ("第二天就到了" in review.text and "才到" in review.text), review


def test_punctuation_and_figures_vary_as_in_real_reviews(corpus):
    ends = Counter(review.text[-1] if review.text[-1] in "。！~？…" else "none" for review in corpus)
    assert set(ends) == {"。", "！", "~", "？", "…", "none"}
    assert ends["none"] > 2_000
    joined = "\n".join(review.text for review in corpus)
    for token in ("6.5寸", "5G", "M码", "XL码", "618", "！！", "、", "；"):
        assert token in joined


def test_file_holds_text_and_label_on_each_line(tmp_path):
    path = tmp_path / "corpus.txt"
    write_practice_corpus(path, 500, seed=3)
    raw = path.read_bytes()
    assert raw.endswith(b"\n")
    assert b"\r" not in raw
    pairs = [line.split(",,") for line in raw.decode("utf-8").split("\n")[:-1]]
    assert [Review(text, int(label)) for text, label in pairs] == list(reviews(500, seed=3))


def test_file_is_replaced_whole_and_the_folder_left_clean(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("old\n", encoding="utf-8")
    write_practice_corpus(path, 20)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 20
    assert [entry.name for entry in tmp_path.iterdir()] == ["corpus.txt"]


def test_a_target_that_cannot_be_replaced_leaves_no_draft(tmp_path):
    (tmp_path / "corpus.txt").mkdir()
    with pytest.raises(OSError, match=r"corpus\.txt"):
        write_practice_corpus(tmp_path / "corpus.txt", 5)
    assert [entry.name for entry in tmp_path.iterdir()] == ["corpus.txt"]
    with pytest.raises(FileNotFoundError):
        write_practice_corpus(tmp_path / "missing" / "corpus.txt", 5)


def test_templates_nest_and_look_up_slots():
    rng = random.Random(0)
    made = {render(parse("[甲|乙[丙|]]{who}"), rng, {"who": "丁"}.__getitem__) for _ in range(200)}
    assert made == {"甲丁", "乙丙丁", "乙丁"}


def test_slot_names_are_listed_in_order_at_any_depth():
    assert list(slot_names(parse("{甲}[{乙}|[很{丙}|]]好{甲}"))) == ["甲", "乙", "丙", "甲"]


@pytest.mark.parametrize("text", ["很[好", "很]好", "[甲|[乙]", "{who"])
def test_a_template_with_an_unpaired_bracket_is_refused(text):
    with pytest.raises(ValueError, match="unpaired"):
        parse(text)


def test_ranks_fall_in_frequency():
    rng = random.Random(2)
    counts = Counter(ranked(rng, 6) for _ in range(6_000))
    assert [rank for rank, _ in counts.most_common()] == [0, 1, 2, 3, 4, 5]
