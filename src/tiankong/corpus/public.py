"""The public corpora that the built-in model and the figures in docs/ are made from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublicCorpus:
    """A file that others publish. ``address`` is empty if no public address serves this very file."""

    name: str
    file: str
    origin: str
    address: str
    bytes: int
    sha256: str


PUBLIC_CORPORA = (
    # 25,473 product reviews, `text,,label` a line (1 good, 0 bad)
    PublicCorpus(
        name="goods_zh",
        file="goods_zh.txt",
        origin="a part (3,000 reviews are left out) of data/goods_zh.txt in github.com/danyow-cheung/"
        "text-classification, itself a part of the corpus of github.com/ami66/ChineseTextClassifier",
        address="",
        bytes=3_472_923,
        sha256="c9955039db7e5595c59ce870c53432c55aa9105742685717ef766ed7278249db",
    ),
    # 62,774 reviews of ten categories, a CSV `cat,label,review`
    PublicCorpus(
        name="online_shopping_10_cats",
        file="online_shopping_10_cats.zip",
        origin="datasets/online_shopping_10_cats in github.com/SophonPlus/ChineseNlpCorpus",
        address="https://raw.githubusercontent.com/SophonPlus/ChineseNlpCorpus/master/datasets/"
        "online_shopping_10_cats/online_shopping_10_cats.zip",
        bytes=4_084_428,
        sha256="6816ded66fde9d0927ecbd370b5e12d0174d1abac35192ec014ac2a0a8d25858",
    ),
)
