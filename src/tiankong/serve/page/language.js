// What the page says, in English and Chinese.

const SENTENCES = {
  en: {
    switch: "中文",
    sentence: "A sentence. Write __ where a word is missing.",
    examples: "Or pick one:",
    pick: "examples",
    undo: "Undo",
    copyLink: "Copy link",
    copied: "The link is copied.",
    notCopied: "The address bar has the link.",
    view: "What to do with the sentence",
    fill: "Fill blanks",
    check: "Check words",
    key: "This server asks for a key:",
    useKey: "Use it",
    wordsHint: "Click a word to blank it; click a blank to see its answers.",
    blankWord: (word) => `Blank the word ${word}`,
    selectBlank: (number) => `Show the answers for blank ${number}`,
    constraints: "Constraints",
    constraintsSet: (count) => `(${count} set)`,
    startsWith: "starts with",
    endsWith: "ends with",
    contains: "contains",
    length: "characters (2 or 2-3)",
    pattern: "regular expression",
    exclude: "none of (spaces between)",
    targets: "only one of (spaces between)",
    topK: "how many answers",
    clear: "Clear constraints",
    answersFor: (number, count) => (count > 1 ? `Blank ${number}` : "Answers"),
    together: "All blanks together",
    none: "No word in the vocabulary keeps to these constraints.",
    putIn: (word, share) => `${word}, ${share}: put it in`,
    whyThis: (word) => `Why ${word}?`,
    why: "?",
    best: (word, share) => `Best answer: ${word}, ${share}.`,
    diagram: (word, share) => `How the network comes to ${word} (${share})`,
    forward: "Read forwards, up to the blank",
    backward: "Read backwards, down to the blank",
    influence: (word, points) => `${word}: ${points}`,
    points: (number) => `${number} points`,
    notRead: "no influence measured",
    diagramHint:
      "One network reads the words at the left forwards, another the words at the right backwards; both meet at the " +
      "blank. The stronger a word's colour, the more it matters: the number is by how many percentage points the answer's " +
      "probability falls without it (orange: it rises).",
    precision: "Flag",
    fewFlags: "only what is almost surely wrong",
    usualFlags: "what is probably wrong",
    manyFlags: "everything doubtful",
    checkedSummary: (wrong, all) =>
      !all ? "There is no word to judge." :
      wrong ? `${wrong} of ${all} words don't fit. Point at one for better words.` : `All ${all} words fit.`,
    misfit: (word, share) => `${word} does not fit (${share}). Show better words.`,
    better: (word, share) => `Instead of ${word} (wrong with ${share}):`,
    replace: (word, share) => `${word}, ${share}: put it there`,
    noBetter: "The model knows nothing better.",
    hasBlanks: "The sentence has blanks: the words that are there are judged, so fill them first.",
    textToLabel: "A text.",
    labels: "Labels",
    bestLabel: (label, share) => `Label: ${label}, ${share}.`,
    moreLabels: (count) => `and ${count} less probable ones`,
    labelModel: (name, labels) => `model ${name}, ${labels} labels`,
    empty: "Write a sentence, or pick an example.",
    noBlank: "No blank yet: click a word, or write __.",
    number: (name) => `${name}: give a whole number.`,
    unreachable: "The server does not answer. It may have been stopped; try again.",
    busy: "The server is busy. Trying again…",
    footer: "Everything is computed by the server of this page; nothing is sent elsewhere.",
    model: (name, words) => `model ${name}, ${words} words`,
  },
  zh: {
    switch: "English",
    sentence: "输入句子，缺词的地方写 __。",
    examples: "或选一句：",
    pick: "例句",
    undo: "撤销",
    copyLink: "复制链接",
    copied: "链接已复制。",
    notCopied: "链接在地址栏里。",
    view: "要做什么",
    fill: "填空",
    check: "检查用词",
    key: "服务器需要密钥：",
    useKey: "使用",
    wordsHint: "点一个词把它挖空；点一个空看它的答案。",
    blankWord: (word) => `把“${word}”挖空`,
    selectBlank: (number) => `看第 ${number} 个空的答案`,
    constraints: "限定条件",
    constraintsSet: (count) => `（已设 ${count} 项）`,
    startsWith: "开头是",
    endsWith: "结尾是",
    contains: "包含",
    length: "字数（2 或 2-3）",
    pattern: "正则表达式",
    exclude: "排除（用空格隔开）",
    targets: "只在这些里选（用空格隔开）",
    topK: "答案个数",
    clear: "清除条件",
    answersFor: (number, count) => (count > 1 ? `第 ${number} 空` : "答案"),
    together: "几个空一起填",
    none: "词表里没有符合这些条件的词。",
    putIn: (word, share) => `${word}，${share}：填入`,
    whyThis: (word) => `为什么是“${word}”？`,
    why: "?",
    best: (word, share) => `最佳答案：${word}，${share}。`,
    diagram: (word, share) => `网络怎样得出“${word}”（${share}）`,
    forward: "从左往右读到空格",
    backward: "从右往左读到空格",
    influence: (word, points) => `${word}：${points}`,
    points: (number) => `${number} 个百分点`,
    notRead: "未测影响",
    diagramHint:
      "一个网络从左往右读空格左边的词，另一个从右往左读右边的词，两边在空格相遇。颜色越深，作用越大：" +
      "数字是去掉这个词后答案概率下降的百分点（橙色表示反而上升）。",
    precision: "标出",
    fewFlags: "几乎肯定有错的词",
    usualFlags: "很可能有错的词",
    manyFlags: "所有可疑的词",
    checkedSummary: (wrong, all) =>
      !all ? "没有可以检查的词。" :
      wrong ? `${all} 个词里有 ${wrong} 个不合适。指一下看更好的词。` : `${all} 个词都合适。`,
    misfit: (word, share) => `“${word}”不合适（${share}）。看更好的词。`,
    better: (word, share) => `可以替换“${word}”（${share}的可能有错）：`,
    replace: (word, share) => `${word}，${share}：换上`,
    noBetter: "模型没有更好的词。",
    hasBlanks: "句子里还有空：检查的是已有的词，请先填好。",
    textToLabel: "输入文本。",
    labels: "标签",
    bestLabel: (label, share) => `标签：${label}，${share}。`,
    moreLabels: (count) => `还有 ${count} 个可能性更小的标签`,
    labelModel: (name, labels) => `模型 ${name}，${labels} 个标签`,
    empty: "请输入句子，或选一个例句。",
    noBlank: "还没有空：点一个词，或写 __。",
    number: (name) => `${name}：请填整数。`,
    unreachable: "服务器没有回答，可能已停止，请再试。",
    busy: "服务器正忙，马上重试……",
    footer: "一切都在本页的服务器上计算，不会发送到别处。",
    model: (name, words) => `模型 ${name}，${words} 个词`,
    // What the server says is English: its reason tells what kind of error it is.
    reasons: {
      sentence: "这个句子没法处理",
      option: "条件有问题",
      limit: "超出了服务器的上限",
      malformed: "请求格式不对",
      body: "内容太长",
      key: "密钥缺失或不对",
      busy: "服务器正忙",
      not_ready: "模型还没准备好",
      fault: "服务器出错了",
    },
  },
};

export const LANGUAGES = Object.keys(SENTENCES);

let current = "en";

export function setLanguage(language) {
  current = language;
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-say]")) {
    element.textContent = say(element.dataset.say);
  }
  for (const element of document.querySelectorAll("[data-say-label]")) {
    element.setAttribute("aria-label", say(element.dataset.sayLabel));
  }
}

export function say(name, ...values) {
  const sentence = SENTENCES[current][name];
  return typeof sentence === "function" ? sentence(...values) : sentence;
}

export function preferredLanguage() {
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function percent(share) {
  const digits = share < 0.001 || share >= 0.1 ? 0 : 1;
  return share > 0 && share < 0.001
    ? "<0.1%"
    : new Intl.NumberFormat(current, { style: "percent", maximumFractionDigits: digits }).format(share);
}

// A server's error as a sentence of the page's language.
export function explainError(error) {
  if (error.reason === undefined) return say("unreachable");
  const kind = SENTENCES[current].reasons?.[error.reason];
  return kind ? `${kind}：${error.message}` : error.message[0].toUpperCase() + error.message.slice(1);
}
