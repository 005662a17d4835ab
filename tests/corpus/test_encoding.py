from __future__ import annotations

import codecs
import io
import random

import pytest

from tiankong.corpus.encoding import MAX_LINE, check_encoding, detect_encoding, read_lines
from tiankong.errors import OptionError, SourceError

BLOCK = 1 << 20  # the unit files are read in
REVIEWS = [
    "这个水杯保温效果很好，早上倒的水下午还是热的",
    "包装有点简单，不过东西没有坏，总体满意",
    "鞋子偏小半码，建议大家买大一点",
    "客服回复很快，问题当天就解决了",
    "洗了两次就掉颜色，不会再买了",
    "屏幕显示清楚，就是声音小了点",
    "给妈妈买的，她说穿着很舒服",
    "酒店离地铁站不远，房间也干净",
    "苹果收到有两个坏的，其他都甜",
    "键盘手感不错，打字声音也不大",
]


def detect(data: bytes) -> str:
    return detect_encoding(lambda: io.BytesIO(data), "评论.txt")


def lines_of(data: bytes, codec: str) -> list[str]:
    return list(read_lines(io.BytesIO(data), codec, "评论.txt"))


def test_ascii_and_utf8_are_utf8():
    assert detect(b"plain words\n") == "utf-8"
    assert detect("\n".join(REVIEWS).encode()) == "utf-8"
    assert detect("带表情的评论😀\n".encode()) == "utf-8"
    assert detect(b"") == "utf-8"


def test_what_is_valid_utf8_is_utf8_even_if_it_was_meant_as_gb18030():
    assert detect("一一".encode("gb18030")) == "utf-8"


def test_utf8_with_a_mark_is_utf_8_sig():
    assert detect("很好用".encode("utf-8-sig")) == "utf-8-sig"


@pytest.mark.parametrize("codec", ["gbk", "gb18030"])
@pytest.mark.parametrize("review", REVIEWS)
def test_a_single_line_of_gb18030_is_recognised(review, codec):
    assert detect(review.encode(codec)) == "gb18030"


def test_gb18030_with_signs_emoji_and_traditional_text_is_recognised():
    text = "★★★★★ 全５分，ＯＫ😀！①物流快②价格低\n店家說下個星期會補發，我覺得很好，大家可以放心買這個東西\n"
    assert detect((text + "\n".join(REVIEWS)).encode("gb18030")) == "gb18030"
    assert detect("店家說下個星期會補發，我覺得很好，大家可以放心買這個東西".encode("gb18030")) == "gb18030"


def test_a_character_across_two_blocks_is_still_utf8():
    padding = b"a" * (BLOCK + 4 - 1)
    assert detect(padding + "好".encode()) == "utf-8"
    with pytest.raises(SourceError, match="damaged, first on line 1"):
        detect(padding + "好".encode()[:2] + b"\n" + "\n".join(REVIEWS).encode())


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Très bonne qualité, la livraison a été rapide et l'emballage soigné\n", "latin-1"),
        ("Größe passt, schöne Qualität für den Preis\n", "latin-1"),
        ("£5 – «très bien» café\n", "cp1252"),
        ("この商品はとても使いやすくて、毎日の生活に欠かせません。\n", "shift_jis"),
        ("この商品はとても使いやすくて、毎日の生活に欠かせません。\n", "euc_jp"),
        ("安くて良い\n", "euc_jp"),
        ("배송이 빨라서 좋았습니다. 품질도 가격에 비해 훌륭하고 다시 구매할 생각이 있어요.\n", "euc_kr"),
        ("Хороший товар, доставка быстрая, качество отличное\n", "koi8-r"),
        ("Хороший товар, доставка быстрая, качество отличное\n", "cp1251"),
        ("這件衣服的質料很舒服，尺寸也剛好，價錢便宜\n", "big5"),
    ],
)
def test_other_encodings_are_refused_with_the_way_out(text, codec):
    for times in (1, 50):  # as a line and as a file
        with pytest.raises(SourceError, match=r"评论\.txt is neither UTF-8 \(line 1 is not\).*`encoding`"):
            detect((text * times).encode(codec))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("length", [60, 1000, 20000])
def test_random_bytes_are_refused(seed, length):
    source = random.Random(seed)
    with pytest.raises(SourceError, match=r"not a text file|neither UTF-8"):
        detect(source.randbytes(length))
    with pytest.raises(SourceError, match="neither UTF-8"):
        detect(source.randbytes(length).replace(b"\0", b"\xe5"))


@pytest.mark.parametrize(
    ("mark", "codec", "detected"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32"),
    ],
)
def test_wide_encodings_are_known_by_their_marks(mark, codec, detected):
    text = "很好用😀\n第二行，还不错\r\n"
    data = mark + text.encode(codec)
    assert detect(data) == detected
    assert "".join(lines_of(data, detected)) == text


def test_a_wide_file_that_is_cut_off_is_refused():
    data = codecs.BOM_UTF16_LE + "很好用\n还不错".encode("utf-16-le")
    with pytest.raises(SourceError, match="is not utf-16 on line 2"):
        lines_of(data[:-1], detect(data[:-1]))


def test_nul_is_binary_and_its_line_is_named():
    with pytest.raises(SourceError, match=r"holds a NUL byte on line 3 .*UTF-16"):
        detect("好\n坏\n一\0般".encode())
    with pytest.raises(SourceError, match="NUL byte on line 1"):
        detect("好评\n".encode("utf-16-be"))
    far = b"a\n" * BLOCK + b"\0"
    with pytest.raises(SourceError, match=f"line {BLOCK + 1} "):
        detect(far)


def test_nul_after_bytes_that_are_not_utf8_is_still_found():
    data = "很好用\n".encode("gb18030") * 200_000 + b"\0"
    assert len(data) > BLOCK
    with pytest.raises(SourceError, match="NUL byte on line 200001 "):
        detect(data)


@pytest.mark.parametrize("line", range(len(REVIEWS)))
def test_one_broken_line_is_damage_not_gb18030(line):
    broken = [review.encode() for review in REVIEWS]
    broken[line] = broken[line][:-1]
    with pytest.raises(SourceError, match=rf"is UTF-8 but damaged, first on line {line + 1}: "):
        detect(b"\n".join(broken))


def test_every_line_cut_within_a_character_is_damage_too():
    with pytest.raises(SourceError, match="UTF-8 but damaged, first on line 1"):
        detect(b"\n".join(review.encode()[:-1] for review in REVIEWS))


def test_a_single_line_of_utf8_lacking_any_byte_is_never_mojibake():
    data = REVIEWS[0].encode()
    for at in range(len(data)):
        with pytest.raises(SourceError, match="UTF-8 but damaged, first on line 1"):
            detect(data[:at] + data[at + 1 :])


def test_damage_shows_in_utf8_without_chinese_too():
    lines = ["très bon goût".encode()] * 5
    lines[3] = lines[3].replace("û".encode(), b"\xc3")
    with pytest.raises(SourceError, match="UTF-8 but damaged, first on line 4"):
        detect(b"\n".join(lines))


def test_private_characters_are_not_taken_for_chinese():
    with pytest.raises(SourceError, match="nor GB18030 Chinese"):
        detect((REVIEWS[0] + "\ue000\ue001\ue002").encode("gb18030"))


def test_marked_utf8_with_a_bad_byte_is_damage():
    with pytest.raises(SourceError, match="UTF-8 but damaged, first on line 2"):
        detect(b"\xef\xbb\xbfa\n\xff\n")


def test_gb18030_broken_somewhere_is_refused():
    data = "\n".join(REVIEWS).encode("gb18030") + b"\n\xff\xff\n"
    with pytest.raises(SourceError, match=r"neither UTF-8 .* nor GB18030"):
        detect(data)


def test_a_line_without_end_is_refused():
    with pytest.raises(SourceError, match="more than 16 million characters on line 2: put one text on a line"):
        lines_of(b"a\n" + b"b" * MAX_LINE, "utf-8")
    with pytest.raises(SourceError, match="more than 16 million characters on line 2: put one text on a line"):
        detect(b"\xff\n" + b"\xff" * MAX_LINE)
    longest = b"b" * (MAX_LINE - 1) + b"\n"
    assert lines_of(longest, "utf-8") == [longest.decode()]


@pytest.mark.parametrize("name", ["utf8", "GBK", "gb18030", "big5", "latin-1", "utf-16", "utf-32"])
def test_known_encodings_are_accepted(name):
    assert lines_of("a\nb".encode(name), check_encoding(name)) == ["a\n", "b"]


@pytest.mark.parametrize("name", ["utf-99", "base64", "rot13", "undefined", "汉字", "a\0b", ""])
def test_unknown_encodings_are_an_option_error(name):
    with pytest.raises(OptionError, match=r"`encoding=.*` is not an encoding that Python knows: name one"):
        check_encoding(name)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_lines_keep_their_ends_and_lose_the_mark(codec):
    text = "\ufeff一\n二\r\n三\r四\u2028还是四\x0b\n\n五"
    assert lines_of(text.encode(codec), codec) == ["一\n", "二\r\n", "三\r", "四\u2028还是四\x0b\n", "\n", "五"]


@pytest.mark.parametrize("before", [0, 1, 7, 5000])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_wrong_explicit_encoding_names_the_line(before, end):
    data = ("还不错" + end).encode() * before + b"\xff\xfe" + end.encode()
    with pytest.raises(SourceError, match=rf"is not utf-8 on line {before + 1}: .*`encoding`"):
        lines_of(data, "utf-8")


def test_a_character_cut_off_at_the_end_is_refused():
    with pytest.raises(SourceError, match="is not gb18030 on line 2"):
        lines_of("好\n坏".encode("gb18030")[:-1], "gb18030")
