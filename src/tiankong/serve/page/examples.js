// The page's example sentences: the first of a list is there when the page opens.

const EVERYDAY = [
  "今天天气很__，我们去公园散步吧",
  "他每天早上七点__，然后骑车去上班",
  "孩子们在操场上__，笑声传得很__",
  "长江是中国最长的__",
  "这部电影很__，我还想再看一遍",
  "会议推迟到下周三，请大家准时参加",
  "他昨天感冒了，今天去医院看衣生",
];

const EVERYDAY_ENGLISH = [
  "She poured the coffee into a __.",
  "The capital of France is __.",
  "My brother __ his teeth before he goes to __.",
  "It was so cold that the lake was __ over.",
  "I have lived in New __ since I was born.",
  "He opened the window because it was to hot in the room.",
];

const REVIEWS = [
  "外套做工__，穿着很暖和",
  "快递__，第二天就__了",
  "给__买的手机，他用着很顺手",
  "屏幕很__，字也看得清楚",
  "这本书内容__，孩子读得津津有味",
  "酒店房间很干净，早餐也很丰盛",
  "衣服质量很好，穿着很充电",
];

const REVIEWS_TO_LABEL = [
  "鞋子很合脚，走一天也不累，还会再买",
  "用了两天就坏了，客服也不理人",
  "包装很漂亮，可是苹果有一半是烂的",
  "房间不大，但是安静干净，早餐也丰盛",
];

// Returns the examples for the model that /info describes, if it is known.
export function examplesFor(model) {
  if (model?.task === "classify") return REVIEWS_TO_LABEL;
  if (model?.model === "en") return EVERYDAY_ENGLISH;
  return model?.model === "reviews-zh" ? REVIEWS : EVERYDAY;
}
