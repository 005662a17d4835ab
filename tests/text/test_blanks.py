import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.errors import SentenceError
from tiankong.text.blanks import parse_blanks

PART = st.text(st.characters(exclude_characters="_＿[\\", exclude_categories=["Cs"]), max_size=20)
BLANK = st.sampled_from(["__", "___", "[MASK]", "＿＿"])


@given(parts=st.lists(PART, min_size=2, max_size=5), data=st.data())
def test_every_blank_is_found(parts, data):
    # Two blanks of underscores with nothing between them are one longer blank.
    parts = [parts[0], *(part or "，" for part in parts[1:-1]), parts[-1]]
    if not any(part.strip() for part in parts):
        parts[0] = "好"
    blanks = data.draw(st.lists(BLANK, min_size=len(parts) - 1, max_size=len(parts) - 1))
    text = parts[0] + "".join(blank + part for blank, part in zip(blanks, parts[1:], strict=True))
    sentence = parse_blanks(text)
    assert list(sentence.parts) == parts
    assert list(sentence.blanks) == blanks


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("做工很好", "no blank"),
        ("做工_很好", "no blank"),
        (r"质量\_\_", r"no blank: the backslash in \\_\\_ makes it text"),
        (r"质量\__，很好", "the backslash"),
        (r"质量\[MASK]", "the backslash"),
        ("", "no blank"),
        ("__ [MASK] ", "nothing but blanks"),
        ("好\ud800__", "character 2 .* not valid Unicode"),
    ],
)
def test_sentences_that_cannot_be_filled(text, words):
    with pytest.raises(SentenceError, match=words):
        parse_blanks(text)


def test_a_sentence_may_have_any_length():
    sentence = parse_blanks("好" * 1_000_000 + "__" + "好" * 1_000_000)
    assert sentence.blanks == ("__",)
    assert list(map(len, sentence.parts)) == [1_000_000, 1_000_000]
