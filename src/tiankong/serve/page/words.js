// The sentence as the model segments it. A click turns a word into a blank.

import { slicer } from "./characters.js";
import { button, element, show } from "./elements.js";
import { say } from "./language.js";

const BLANK = "__";
const UNDERSCORES = "_＿";

// `words` is the answer of /segment, `chosen` the index of the selected blank.
export function showWords(parent, text, words, chosen, { onText, onBlank }) {
  const slice = slicer(text);
  const children = [];
  let at = 0;
  let blanks = 0;
  for (const word of words) {
    children.push(slice(at, word.start));
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
  show(parent, ...children, slice(at));
}

// Returns the text with a blank instead of a word, separated from adjacent blanks: ____ would be a single one.
export function blanked(text, { start, end }) {
  const slice = slicer(text);
  const before = UNDERSCORES.includes((start && slice(start - 1, start)) || " ") ? " " : "";
  const after = UNDERSCORES.includes(slice(end, end + 1) || " ") ? " " : "";
  return slice(0, start) + before + BLANK + after + slice(end);
}
