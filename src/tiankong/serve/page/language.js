// The page's messages in English and Chinese.

const MESSAGES = {
  en: {
    switch: "中文",
    sentence: "Write a sentence with __ for each missing word.",
    examples: "Or choose an example:",
    pick: "examples",
    undo: "Undo",
    copyLink: "Copy link",
    copied: "The link is copied.",
    notCopied: "Copy the link from the address bar.",
    view: "Task",
    fill: "Fill blanks",
    check: "Check words",
    key: "This server requires a key:",
    useKey: "Use key",
    wordsHint: "Click a word to blank it, or a blank to see its answers. Where __ is text, write \\_\\_.",
    blankWord: (word) => `Blank the word ${word}`,
    selectBlank: (number) => `Show the answers for blank ${number}`,
    constraints: "Constraints and options",
    constraintsSet: (count) => `(${count} set)`,
    startsWith: "starts with",
    endsWith: "ends with",
    contains: "contains",
    length: "characters (2 or 2-3)",
    pattern: "regular expression",
    exclude: "none of (separated by spaces)",
    targets: "only one of (separated by spaces)",
    topK: "number of answers",
    partOfWord: "letters beside a blank",
    partAsUsual: "as usual in the language",
    partOfTheWord: "part of the missing word",
    wordOfItsOwn: "a word of their own",
    blankText: "a blank is written",
    clear: "Clear all",
    answersFor: (number, count) => (count > 1 ? `Blank ${number}` : "Answers"),
    together: "All blanks together",
    none: "No word in the vocabulary meets these constraints.",
    noneOfForm: (form) =>
      `No word of the form ${form} meets these constraints, which apply to the whole word, including the letters beside the blank.`,
    noWordOfForm: (form) =>
      `No word of the form ${form} is known: the letters beside the blank count as part of the word. To make ` +
      "them a separate word, change “letters beside a blank” under “Constraints and options”.",
    insert: (word, share) => `${word}, ${share}: insert`,
    whyThis: (word) => `Why ${word}?`,
    why: "?",
    best: (word, share) => `Best answer: ${word}, ${share}.`,
    diagram: (word, share) => `How the network arrives at ${word} (${share})`,
    forward: "Read forwards up to the blank",
    backward: "Read backwards up to the blank",
    influence: (word, points) => `${word}: ${points}`,
    points: (number) => `${number} percentage points`,
    notRead: "influence not measured",
    diagramHint:
      "One network reads the words on the left forwards, another the words on the right backwards; they meet at the " +
      "blank. The stronger a word's colour, the greater its influence: the number is the drop in the answer's " +
      "probability, in percentage points, when that word is blanked too (orange: a rise).",
    precision: "Flag",
    fewFlags: "only words that are almost certainly wrong",
    usualFlags: "words that are probably wrong",
    manyFlags: "all doubtful words",
    checkedSummary: (wrong, all) =>
      !all ? "There are no words to check." :
      wrong ? `${wrong} of ${all} words don't fit. Point at one for suggestions.` : `All ${all} words fit.`,
    misfit: (word, share) => `${word} doesn't fit (${share}). Show suggestions.`,
    better: (word, share) => `Instead of ${word} (${share} likely to be wrong):`,
    replace: (word, share) => `${word}, ${share}: replace`,
    noBetter: "The model has no better word.",
    textToLabel: "Write a text to classify.",
    labels: "Labels",
    bestLabel: (label, share) => `Label: ${label}, ${share}.`,
    moreLabels: (count) => `and ${count} less probable labels`,
    labelModel: (name, labels) => `model ${name}, ${labels} labels`,
    empty: "Write a sentence, or choose an example.",
    noBlank: (blank) =>
      `No blank yet: click a word, or write ${blank}. If the sentence has blanks of another kind, such as <mask> or ` +
      "（　　）, say so under “Constraints and options”.",
    number: (name) => `${name}: give a whole number.`,
    unreachable: "The server does not answer. It may have stopped; try again later.",
    busy: "The server is busy. Trying again…",
    footer: "This page's own server computes everything; no data goes elsewhere.",
    model: (name, words) => `model ${name}, ${words} words`,
  },
  zh: {
    switch: "English",
    sentence: "输入句子，用 __ 表示缺少的词。",
    examples: "或选择例句：",
    pick: "例句",
    undo: "撤销",
    copyLink: "复制链接",
    copied: "链接已复制。",
    notCopied: "请从地址栏复制链接。",
    view: "功能",
    fill: "填空",
    check: "检查用词",
    key: "此服务器需要密钥：",
    useKey: "确定",
    wordsHint: "点击词语可将其挖空，点击空位可查看答案。文字 __ 请写作 \\_\\_。",
    blankWord: (word) => `将“${word}”挖空`,
    selectBlank: (number) => `查看第 ${number} 个空位的答案`,
    constraints: "约束与选项",
    constraintsSet: (count) => `（已设置 ${count} 项）`,
    startsWith: "开头",
    endsWith: "结尾",
    contains: "包含",
    length: "字数（如 2 或 2-3）",
    pattern: "正则表达式",
    exclude: "排除（以空格分隔）",
    targets: "仅限（以空格分隔）",
    topK: "答案数量",
    partOfWord: "紧挨空位的字母",
    partAsUsual: "按语言习惯处理",
    partOfTheWord: "算作所缺词的一部分",
    wordOfItsOwn: "单独成词",
    blankText: "空位写作",
    clear: "全部清除",
    answersFor: (number, count) => (count > 1 ? `第 ${number} 个空位` : "答案"),
    together: "联合填空",
    none: "词表中没有符合条件的词。",
    noneOfForm: (form) => `形如 ${form} 的词都不符合条件：整个词都要符合条件，包括紧挨空位的字母。`,
    noWordOfForm: (form) =>
      `词表中没有形如 ${form} 的词：紧挨空位的字母算作了所缺词的一部分。如果它们本身是一个词，请在“约束与选项”里把` +
      "“紧挨空位的字母”设为“单独成词”。",
    insert: (word, share) => `${word}，${share}：填入`,
    whyThis: (word) => `为什么是“${word}”？`,
    why: "?",
    best: (word, share) => `最佳答案：${word}，${share}。`,
    diagram: (word, share) => `网络如何得出“${word}”（${share}）`,
    forward: "正向读到空位",
    backward: "反向读到空位",
    influence: (word, points) => `${word}：${points}`,
    points: (number) => `${number} 个百分点`,
    notRead: "未计算影响",
    diagramHint:
      "一个网络正向读取左侧的词，另一个反向读取右侧的词，二者在空位处汇合。颜色越深，影响越大：" +
      "数字表示把该词也挖空后，答案的概率下降多少个百分点（橙色表示上升）。",
    precision: "标记",
    fewFlags: "几乎肯定有误的词",
    usualFlags: "很可能有误的词",
    manyFlags: "所有可疑的词",
    checkedSummary: (wrong, all) =>
      !all ? "没有可检查的词。" :
      wrong ? `${all} 个词中有 ${wrong} 个不合适，指向该词可查看替换建议。` : `${all} 个词都合适。`,
    misfit: (word, share) => `“${word}”不合适（${share}），查看替换建议`,
    better: (word, share) => `“${word}”有误的概率为 ${share}，可替换为：`,
    replace: (word, share) => `${word}，${share}：替换`,
    noBetter: "没有更合适的词。",
    textToLabel: "输入要分类的文本。",
    labels: "标签",
    bestLabel: (label, share) => `标签：${label}，${share}。`,
    moreLabels: (count) => `另有 ${count} 个概率更低的标签`,
    labelModel: (name, labels) => `模型 ${name}，${labels} 个标签`,
    empty: "请输入句子，或选择例句。",
    noBlank: (blank) =>
      `还没有空位：点击词语，或输入 ${blank}。如果句子里的空位是别的写法，如 <mask> 或（　　），请在“约束与选项”里填写。`,
    number: (name) => `${name}：请输入整数。`,
    unreachable: "服务器没有响应，可能已停止，请稍后重试。",
    busy: "服务器繁忙，正在重试……",
    footer: "所有计算都在本页面的服务器上完成，数据不会发送到别处。",
    model: (name, words) => `模型 ${name}，词表 ${words} 词`,
    // The server's messages are English; its reason selects a Chinese heading.
    reasons: {
      sentence: "无法处理该句子",
      option: "参数有误",
      limit: "超出服务器限制",
      malformed: "请求格式错误",
      body: "内容过长",
      key: "密钥缺失或错误",
      busy: "服务器繁忙",
      not_ready: "模型尚未就绪",
      fault: "服务器内部错误",
    },
  },
};

export const LANGUAGES = Object.keys(MESSAGES);

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
  const message = MESSAGES[current][name];
  return typeof message === "function" ? message(...values) : message;
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

// Returns the message for an error of the server, in the page's language as far as possible.
export function explainError(error) {
  if (error.reason === undefined) return say("unreachable");
  const heading = MESSAGES[current].reasons?.[error.reason];
  return heading ? `${heading}：${error.message}` : error.message[0].toUpperCase() + error.message.slice(1);
}
