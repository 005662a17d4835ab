// The sentence as the model reads it: every word can be made a blank.

import { cutter } from "./characters.js";
import { button, element, show } from "./elements.js";
import { say } from "./language.js";

const BLANK = "__";
const UNDERSCORES = "_＿";

// `words` are /segment's; `chosen` is the number of the blank whose answers are looked at.
export function showWords(parent, text, words, chosen, { onText, onBlank }) {
  const cut = cutter(text);
  const children = [];
  let at = 0;
  let blanks = 0;
  for (const word of words) {
    children.push(cut(at, word.start));
    at = word.end;
    if (word.kind === "blank") {
      const number = blanks++;
      children.push(
        button(
          say("selectBlank", number + 1),
          { class: "blank", "aria-pressed": String(number === chosen), onclick: () => onBlank(number) },
          String(number + 1),
        ),
      );
    } else if (word.kind === "word") {
      const attributes = { class: word.known ? "word" : "word unknown", onclick: () => onText(blanked(text, word)) };
      children.push(button(say("blankWord", word.word), attributes, word.word));
    } else children.push(element("span", { class: "mark" }, word.word));
  }
  show(parent, ...children, cut(at));
}

// The text with a blank in a word's place, apart from blanks beside it: ____ would be one.
export function blanked(text, { start, end }) {
  const cut = cutter(text);
  const before = UNDERSCORES.includes((start && cut(start - 1, start)) || " ") ? " " : "";
  const after = UNDERSCORES.includes(cut(end, end + 1) || " ") ? " " : "";
  return cut(0, start) + before + BLANK + after + cut(end);
}
