"""Machines for the home: refrigerators, washing machines, air conditioners, televisions, cookers …"""

from __future__ import annotations

from dataclasses import replace

from tiankong.sample.digital import LOOKS, SCREEN, VOLUME
from tiankong.sample.schema import Aspect, Line

NOISE = Aspect(
    "[噪音|声音]",
    good="小",
    bad="大",
    mild="大",
    praise=("[很|非常|特别]安静", "几乎听不到声音"),
    so=("几乎听不到声音", "不影响睡觉", "晚上用也不吵"),
    blame=("噪音像拖拉机一样", "吵得[全家睡不着|头疼]"),
    so_bad=("吵得[睡不着|头疼|没法睡觉]", "像拖拉机[一样|]"),
    nitpick=("噪音[有点大|稍微大了点]", "声音稍微大了一点"),
)

POWER_USE = Aspect(
    "",
    praise=("[很|非常|特别|也|还挺]省电", "一天[才|只要]半度电", "能效高，[省电|很省电]"),
    blame=("[太|特别|非常]费电", "耗电[太大|很大]，一天要好几度电"),
    nitpick=("[有点|稍微有点]费电", "耗电[稍微高了点|有点大]"),
)

INSTALL = Aspect(
    "安装师傅",
    good="专业 热情 负责 有耐心",
    bad="敷衍 不专业",
    praise=("安装[很快|及时|很及时]", "师傅[态度很好|人很好]"),
    so=("装得[很|]漂亮",),
    blame=("安装师傅态度很差", "[等了|等]一个星期[才来安装|都没人来安装]"),
    so_bad=("装得不成样子", "催了好几次才来"),
    nitpick=("安装[慢了点|稍微有点慢]", "安装等了两天"),
)

EASY = Aspect(
    "操作",
    good="简单 方便 容易",
    bad="复杂 麻烦",
    mild="复杂 麻烦",
    praise=("一看就会", "功能[很多|很齐全|多]"),
    so=("老人[也会用|用着也方便]", "一看就会", "按一下就行了"),
    blame=("操作[太复杂|太麻烦]，老人根本不会用", "按键[失灵|没反应]", "连个说明书都没有"),
    so_bad=("老人根本不会用", "看半天说明书也不会用"),
    nitpick=("操作[有点|稍微有点]复杂", "说明书[太简单|写得不清楚]", "按键有点硬"),
    pairs=True,
)

COOLING = Aspect(
    "[制冷|制冷效果]",
    good="好 快 不错 强",
    bad="差 慢",
    mild="慢",
    lack="好",
    praise=("[很|特别|]凉快", "制冷[很快|效果很好]"),
    so=("[开|打开]一会儿就凉了",),
    blame=("[根本|完全]不制冷", "+用了[一个月|没几天|一个夏天]就不制冷了"),
    so_bad=("开[半天|一个小时]还是热",),
    nitpick=("制冷[一般|有点慢]", "制冷稍微慢了点"),
)

FRESH = replace(
    COOLING,
    name="[制冷|保鲜|制冷效果|保鲜效果]",
    so=("蔬菜放[一个星期|几天]还[很|]新鲜",),
    so_bad=("菜[一天|两天]就坏了",),
    praise=("保鲜[效果很好|很好|效果不错]", "没有异味", "制冷[很快|很好]"),
    blame=("[根本|完全]不制冷", "+用了[一个月|没几天|半年]就不制冷了", "里面[塑料味|味道][很大|太重]"),
    nitpick=("里面有[点|一点]塑料味", "制冷[一般|有点慢]"),
)

ROOM = Aspect(
    "[容量|空间]",
    good="大 足 合适 够用",
    bad="小",
    mild="小",
    praise=("[三口之家|两个人]用[正好|足够了|刚好]", "大小[正合适|正好|刚刚好]"),
    so=("[一家人|三口之家]用[足够了|正好|刚好]", "能[放|装]很多东西"),
    blame=("比想象中小",),
    so_bad=("根本不够用",),
    nitpick=("容量[稍微小了点|有点小]",),
    pairs=True,
)

WASH = Aspect(
    "洗得",
    good="干净",
    praise=("衣服洗得[很|非常|特别|挺]干净", "[洗|洗得][又快又干净|很干净]"),
    so=("洗完[几乎|]是干的", "洗[被子|床单]也没问题"),
    blame=("[衣服|]洗[不干净|得一点都不干净]", "+用了[两次|一个月]就[不转|坏]了"),
    so_bad=("洗完还有[污渍|洗衣粉]", "还把衣服都洗坏了"),
    nitpick=("脱水[声音有点大|有点响]",),
)


HOUSEHOLD = "妈妈 爸妈 婆婆 父母 公公 爸爸 老人 奶奶"
HOME_START = (
    "+用了{span}[才来评价|，来说说感受|，来评价一下|再来评价]",
    "新家买的",
    "[家里|旧]的坏了，[换|买]了个新的",
)
HOME_JOY = (
    "[用着|用起来][很|非常|特别|挺][方便|放心|不错]",
    "大[品牌|牌子][值得信赖|就是不一样|用着放心]",
    "+用了{span}，没有任何问题",
    "送货师傅[很热情|态度很好]，还帮忙搬到家里",
    "[家里|全家|一家人]都[很|]喜欢",
)
HOME_GRIEF = (
    "+用了{soon}就坏了",
    "[门|外壳|机身]上有划痕",
    "[怀疑|感觉|明显]是[二手的|别人退回来的]",
    "送货师傅态度很差",
)

FRIDGE = Line(
    category="家电",
    nouns="冰箱",
    other="[冰箱|东西]",
    measure="台",
    verb="用",
    aspects=(FRESH, NOISE, ROOM, LOOKS, POWER_USE),
    people=HOUSEHOLD,
    says="[很好用|声音很小|很省电]",
    says_bad="[不好用|太费电]",
    start=HOME_START,
    joy=HOME_JOY,
    grief=HOME_GRIEF,
    shop="[商场|实体店|专卖店]",
    cost="一千五",
    drop="一百",
)


APPLIANCE_LINES = (
    FRIDGE,
    replace(FRIDGE, nouns="洗衣机", other="洗衣机", aspects=(WASH, NOISE, EASY, ROOM, LOOKS, POWER_USE)),
    replace(FRIDGE, nouns="空调", other="空调", aspects=(COOLING, INSTALL, NOISE, LOOKS, POWER_USE)),
    replace(
        FRIDGE,
        nouns="电视 电视机",
        other="电视",
        aspects=(
            replace(
                SCREEN,
                name="[屏幕|画面]",
                good="清晰 清楚 大 细腻 好",
                bad="差 模糊 暗",
                mild="暗",
                praise=("色彩[很鲜艳|很好]",),
                so=("看[电影|球赛][很|非常|特别][过瘾|舒服|清楚]", "看[电影|电视]很舒服"),
                so_bad=("看一会儿眼睛就[疼|累|难受]",),
                nitpick=("画面一般", "[稍微|]有点漏光"),
            ),
            VOLUME,
            replace(EASY, praise=("系统[很流畅|好用]",)),
            LOOKS,
            INSTALL,
        ),
        says="[很清楚|看着很过瘾|操作很简单]",
        says_bad="[太卡了|不会用]",
    ),
)
