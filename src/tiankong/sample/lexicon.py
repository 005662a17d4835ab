"""All lines of products by category, and the words a review should not say twice."""

from __future__ import annotations

from dataclasses import fields
from itertools import chain

from tiankong.sample.appliances import APPLIANCE_LINES
from tiankong.sample.care import CARE_LINES
from tiankong.sample.digital import COMPUTER, GADGET_LINES, PHONE, TABLET
from tiankong.sample.family import FAMILY_LINES
from tiankong.sample.food import FOOD_LINES
from tiankong.sample.home import HOME_LINES
from tiankong.sample.schema import Aspect, Line
from tiankong.sample.stay import HOTEL
from tiankong.sample.themes import AFTERCARE, ATTITUDE, CLERK, DELIVERY, MATCH, PACKING, PRICE, QUALITY
from tiankong.sample.wear import CLOTHES_LINES, SHOE_LINES

_LINES: tuple[Line, ...] = (
    *CLOTHES_LINES,
    PHONE,
    *FOOD_LINES,
    HOTEL,
    *SHOE_LINES,
    *APPLIANCE_LINES,
    COMPUTER,
    TABLET,
    *FAMILY_LINES,
    *HOME_LINES,
    *CARE_LINES,
    *GADGET_LINES,
)


def _by_category() -> dict[str, tuple[Line, ...]]:
    found: dict[str, list[Line]] = {}
    for line in _LINES:
        found.setdefault(line.category, []).append(line)
    return {category: tuple(lines) for category, lines in found.items()}


CATEGORIES: dict[str, tuple[Line, ...]] = _by_category()
"""Lines by category, the commonest category and the commonest line first."""

_ALIKE = (
    "味道 异味 气味 香味",
    "噪音 安静 声音",
    "色差 颜色",
    "物流 快递 发货 送货",
    "暖和 保暖 厚实 点薄 很厚 别厚",
    "尺码 大小 合身 合适 码数 鞋码",
    "便宜 实惠 划算 优惠 价格 性价",
    "满意 失望",
    "掉色 褪色 起球",
    "屏幕 画面 画质",
    "推荐 好评 差评",
    "电池 充电 续航 没电",
    "发热 发烫 散热 烫手",
    "不过 但是 可是",
    "客服 卖家 商家 店家 售后 前台",
    "包装 盒子 箱子",
    "假货 盗版 二手 翻新 正品",
    "图片 描述 介绍 照片",
    "干净 卫生",
    "新鲜 日期",
    "显瘦 修身",
    "漂亮 好看 难看",
    "流畅 不卡 点卡 会卡 太卡 别卡 死机",
    "位置 交通 地铁 景区",
    "不买 再买 再来 会来 会买",
)
_SINGLE = (
    "速度 很好 非常 特别 不错 喜欢 值得 购买 以后 下次 实物 后悔 退货 质量 东西 一般 太差 很差 根本 "
    "穿着 穿上 舒服 孩子 而且 就是 总体 方便 放心 头发 完全 大家 朋友 同事 没想 结果 真是 态度 宝宝"
)


def _watched() -> dict[str, str]:
    keys = {word: group.split()[0] for group in _ALIKE for word in group.split()}
    for word in _SINGLE.split():
        keys.setdefault(word, word)
    shared = (DELIVERY, PACKING, ATTITUDE, CLERK, AFTERCARE, PRICE, QUALITY, MATCH)
    for aspect in {*shared, *chain.from_iterable(line.aspects for line in _LINES)}:
        for word in f"{aspect.good} {aspect.bad} {aspect.mild}".split():
            if len(word) > 1:
                keys.setdefault(word[:2], word[:2])
    return keys


WATCHED: dict[str, str] = _watched()
"""Words of two characters to say at most once in a review, each with the key it is counted under."""


def clause_templates() -> set[str]:
    """Every clause template of every aspect and line."""
    aspects = {*chain.from_iterable(line.aspects for line in _LINES)}
    aspects |= {DELIVERY, PACKING, ATTITUDE, CLERK, AFTERCARE, PRICE, QUALITY, MATCH}
    found: set[str] = set()
    for item in (*aspects, *_LINES):
        kind = Aspect if isinstance(item, Aspect) else Line
        for field in fields(kind):
            value = getattr(item, field.name)
            if isinstance(value, tuple):
                found.update(entry for entry in value if isinstance(entry, str))
    return found
