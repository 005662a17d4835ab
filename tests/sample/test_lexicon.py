"""The lexicon's data files: read lazily, packaged whole, and refused with a clear error where they are wrong."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path, PurePath

import pytest

from tiankong.sample.lexicon import LexiconError, load_lexicon, read_lexicon
from tiankong.sample.schema import Words

DATA = Path(str(resources.files("tiankong.sample") / "data"))
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.fixture
def folder(tmp_path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_copy_of_the_data_reads_the_same(folder):
    assert read_lexicon(folder) == load_lexicon()
    assert load_lexicon() is load_lexicon()


def test_clause_templates_are_many():
    lexicon = load_lexicon()
    shopping = [getattr(lexicon.shopping, name) for name in lexicon.shopping.__struct_fields__]
    products = [product for members in lexicon.categories.values() for product in members]
    tables = [*shopping, *products, *(aspect for product in products for aspect in product.aspects)]
    values = [getattr(table, name) for table in tables for name in table.__struct_fields__]
    clauses = {text for value in values if type(value) is tuple for text in value if isinstance(text, str)}
    assert len(clauses) > 600


def test_words_and_order_are_as_in_the_files():
    clothes = load_lexicon().categories["衣服"]
    assert [product.nouns[0] for product in clothes] == ["外套", "羽绒服", "毛衣", "T恤", "裙子", "裤子"]
    assert clothes[0].nouns == Words(("外套", "大衣", "风衣", "夹克"))
    assert [aspect.name for aspect in clothes[0].aspects][:2] == ["做工", "保暖[性|效果]"]


def test_like_takes_what_is_not_given():
    coats, down_jackets = load_lexicon().categories["衣服"][:2]
    assert down_jackets.shop == coats.shop
    assert down_jackets.nouns != coats.nouns
    bed_linen = load_lexicon().categories["家居"][0]
    bedding, fabric = bed_linen.aspects[0], coats.aspects[2]
    assert (bedding.name, bedding.lacking_words) == (fabric.name, fabric.lacking_words)
    assert bedding.praise != fabric.praise


def test_watched_words_have_two_characters_and_one_key():
    watched = load_lexicon().watched
    assert {len(word) for word in watched} == {2}
    assert watched["快递"] == watched["发货"] == "delivery"
    assert watched["速度"] == "速度"


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("products/food.toml", "[aspects.date]", "[aspects.date", r"food\.toml is not valid TOML.*line"),
        (
            "products/food.toml",
            "[aspects.date]",
            "[aspect.date]",
            r"food\.toml: unknown table \[aspect\]: use \[aspects",
        ),
        (
            "products/food.toml",
            "bad_words",
            "bad_word",
            r"food\.toml, \[aspects\.fruit_taste\]: .*unknown field `bad_word`",
        ),
        ("products/food.toml", "combinable = true", 'combinable = "yes"', r"\[aspects\.fruit_taste\]: Expected `bool`"),
        (
            "products/food.toml",
            'mild_words = "酸 淡"',
            'mild_words = ["酸"]',
            r"fruit_taste\]: expected one string of words",
        ),
        ("products/food.toml", '"酸 淡"', '"酸|淡"', r"fruit_taste\]: 酸\|淡 holds one of .*mild_words"),
        ("products/food.toml", '"比超市买的甜"', '""', r"fruit_taste\]: Expected `str` of length >= 1 .*benefits"),
        (
            "products/food.toml",
            "[很|非常|特别|真][甜",
            "[很|非常|特别|真[甜",
            r"fruit_taste\], praise: unpaired bracket",
        ),
        (
            "products/food.toml",
            "少了[半斤",
            "少了{wieght}[半斤",
            r"food\.toml.*fruit_size.*unknown slot \{wieght\}.*: use ",
        ),
        (
            "products/food.toml",
            '"fruit_freshness",',
            '"fruit_fresh",',
            r"products\.fruit\].*no food\.fruit_fresh: is food\.fruit_freshness meant",
        ),
        (
            "products/home.toml",
            '"clothing.fabric"',
            '"cloth.wool_of_nothing"',
            r"home\.toml, \[aspects\.bedding\]: there is no cloth",
        ),
        ("products/food.toml", 'nouns = "苹果', 'like = "drinks"\nnouns = "苹果', r"leads back to itself"),
        (
            "products/food.toml",
            'category = "食品"',
            'category = "饮料"',
            r"products\.fruit\]: add category 饮料 to the order in categ",
        ),
        (
            "products/food.toml",
            'measure_word = "箱"\n',
            "",
            r"products\.fruit\]: .*missing required field `measure_word`",
        ),
        ("products/food.toml", 'kind = "consumable"', 'kind = "food"', r"products\.fruit\]: Invalid enum value 'food'"),
        ("products/food.toml", "妈妈 爸妈", "丈母娘 爸妈", r"recipient 丈母娘 has no pronoun: add one to \[pronouns\]"),
        ("products/hotels.toml", 'nouns = "酒店 宾馆 民宿"', 'nouns = ""', r"products\.hotels\]: nouns is empty"),
        ("categories.toml", '"电脑配件"', '"电脑配件", "宠物"', r"no product has category 宠物"),
        (
            "shopping.toml",
            "[delivery]",
            "[shipping]",
            r"shopping\.toml: .*(unknown field `shipping`|missing required field)",
        ),
        ("phrases.toml", '"[赞|点赞', '"{赞|点赞', r"phrases\.toml, closings, good: un(paired|known)"),
        (
            "phrases.toml",
            '"{aspect}很{word}"',
            '"{aspekt}很{word}"',
            r"phrases\.toml, patterns, good: unknown slot \{aspekt\}",
        ),
        (
            "phrases.toml",
            'although = ["虽然", "虽说"]',
            "although = []",
            r"phrases\.toml: Expected `array` of length >= 1",
        ),
        (
            "repetition.toml",
            'noise = "噪音',
            'noise = "噪',
            r"repetition\.toml, noise: 噪 must have exactly two characters",
        ),
    ],
)
def test_wrong_data_is_refused_and_the_place_named(folder, name, old, new, message):
    replace(folder / name, old, new)
    with pytest.raises(LexiconError, match=message):
        read_lexicon(folder)


def test_a_missing_file_and_a_wrong_encoding_are_named(folder):
    text = (folder / "shopping.toml").read_text(encoding="utf-8")
    (folder / "shopping.toml").write_bytes(text.encode("gb18030"))
    with pytest.raises(LexiconError, match=r"shopping\.toml is not valid TOML in UTF-8"):
        read_lexicon(folder)
    (folder / "shopping.toml").unlink()
    with pytest.raises(LexiconError, match=r"shopping\.toml can't be read: .*No such file"):
        read_lexicon(folder)


def test_nothing_is_read_before_the_first_review():
    code = (
        "import tiankong.cli.sample, tiankong.sample.grammar as g, tiankong.sample.lexicon as l\n"
        "made = g.reviews(1)\n"
        "assert l.load_lexicon.cache_info().currsize == 0\n"
        "assert next(made).text\n"
        "assert l.load_lexicon.cache_info().currsize == 1\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_data_file_is_packaged():
    globs = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]["tiankong"]
    package = DATA.parents[1]
    files = [file.relative_to(package) for file in DATA.rglob("*") if file.is_file()]
    assert len(files) > 10
    assert not [file for file in files if not any(PurePath(file).match(pattern) for pattern in globs)]


def test_the_readme_names_every_field_and_file():
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    product = load_lexicon().categories["衣服"][0]
    named = set(re.findall(r"`(\w+)`", readme))
    assert {*product.__struct_fields__, *product.aspects[0].__struct_fields__} <= named
    assert all(f"`{file.name}`" in readme for file in DATA.glob("*.toml"))
