"""Household goods: bedding and cups."""

from __future__ import annotations

from dataclasses import replace

from tiankong.sample.schema import Aspect, Line
from tiankong.sample.wear import COLOUR, FABRIC, SMELL, WASHING, WORKMANSHIP

BEDDING = replace(
    FABRIC,
    good="柔软 舒服 亲肤 好 厚实 不错",
    bad="差 粗糙 硬",
    mild="薄 硬",
    praise=("睡着[很|非常|特别|真]舒服", "[很|非常|特别]亲肤"),
    so=("睡着[很|非常|特别][舒服|暖和]", "[一觉睡到天亮|睡得很香]", "盖着[很|非常]舒服"),
    blame=("[一股|有一股]化纤味", "睡一晚[浑身痒|身上全是毛|起静电]"),
    so_bad=("睡着[一点都不舒服|浑身痒|扎人]", "像睡在塑料布上"),
    nitpick=("[面料|料子][稍微薄了点|有点薄]", "[稍微|]有点[掉色|起球|硬]", "没有想象中[软|厚实]"),
)

QUILT_WARM = Aspect(
    "[保暖性|保暖效果]",
    good="好 不错",
    bad="差",
    praise=("盖着[很|非常|特别|挺][暖和|舒服]", "[又软又暖和|很蓬松]"),
    so=("冬天盖[很暖和|正好|特别暖和]", "盖着[很|特别]舒服"),
    blame=("[一点都|根本]不[暖和|保暖]", "薄得像床单"),
    so_bad=("冬天根本没法盖",),
    nitpick=("[稍微|]有点[薄|重]", "[不太|不是很]厚", "刚打开有[点|一点]味道"),
    pairs=True,
)


INSULATE = Aspect(
    "保温效果",
    good="好 不错 强",
    bad="差",
    praise=("[很|非常|特别]保温", "[不漏水|一点都不漏水]", "[容量|大小][正好|合适|刚好]"),
    so=("[早上|晚上]倒的水[下午|第二天]还[是热的|很烫]", "[冬天|出门|上班]喝热水[很|]方便"),
    blame=("[根本|完全]不保温", "漏水很[厉害|严重]", "一股很大的塑料味", "+用了[一个星期|几天|一个月]就不保温了"),
    so_bad=("[两个小时|不到半天]水就凉了",),
    nitpick=("[稍微|]有点[重|小]",),
    pairs=True,
)

CUP_LOOK = Aspect(
    "[外观|颜色|样子]",
    good="好看 漂亮 精致 可爱 大方",
    bad="难看 廉价",
    mild="深 单调",
    praise=("[颜值|颜值很]高", "做工[很|]精细"),
    so=("[放|摆]在办公室很好看", "[手感|质感]也很好"),
    blame=("做工[粗糙|太粗糙]",),
    so_bad=("像地摊货", "到处都是[划痕|毛刺]"),
    nitpick=("颜色[跟图片有点不一样|有点深]",),
    pairs=True,
)


HOME_START = ("+用了{span}[才来评价|，来评价一下|再来评价]", "[新家|租房]买的", "[家里|旧]的坏了，[换|买]了个新的")
HOME_JOY = (
    "[很|非常|特别|挺]实用",
    "[家里人|全家|老公|妈妈]都说[好|好用|不错]",
    "[又买了|准备再买][一个|两个][送人|给妈妈用|]",
    "[用着|用起来][很|非常|特别|挺][方便|顺手|不错]",
)
HOME_GRIEF = (
    "[超市|地摊上]二十块的都比这[好|强]",
    "[收到|打开]就是[坏的|破的]",
    "[跟|和]图片完全[不一样|是两个东西]",
    "[这|这种质量|这样的东西]也敢卖？",
)

BED = Line(
    category="家居",
    nouns="四件套 床单 被套",
    other="东西",
    measure="套",
    verb="用",
    aspects=(BEDDING, COLOUR, WORKMANSHIP, WASHING, SMELL),
    people="妈妈 婆婆 爸妈 女儿 奶奶 老婆 孩子",
    says="[很舒服|很好看|很柔软]",
    says_bad="[不舒服|太粗糙了|不好看]",
    start=("+用了{span}[才来评价|，来评价一下|再来评价]", "新家买的"),
    joy=("铺上[很|非常|特别][好看|漂亮|温馨]", "[又买了|准备再买]一套[换着用|给妈妈|]", "比想象中[好|厚实]"),
    grief=HOME_GRIEF[2:],
    shop="[商场|超市|实体店]",
    cost="一百多",
)
WARE = Line(
    category="家居",
    nouns="保温杯 杯子",
    other="[杯子|东西]",
    measure="个",
    verb="用",
    aspects=(INSULATE, CUP_LOOK),
    people="爸爸 妈妈 老公 女儿 老婆 爷爷 孩子 同事 男朋友",
    says="[很保温|很好用|很好看]",
    says_bad="[不保温|不好用]",
    start=HOME_START[:1],
    joy=HOME_JOY,
    grief=HOME_GRIEF,
    shop="[超市|商场]",
    cost="六十块",
    drop="十块",
)

HOME_LINES = (
    BED,
    replace(
        BED,
        nouns="被子 毛毯",
        other="被子",
        measure="床",
        aspects=(QUILT_WARM, BEDDING, COLOUR, WORKMANSHIP),
        says="[很暖和|很舒服|盖着很软]",
        says_bad="[不暖和|太薄了|不舒服]",
    ),
    WARE,
)
