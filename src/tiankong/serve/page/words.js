// The sentence as the model segments it. A click turns a word into a blank.

import { slicer } from "./characters.js";
import { button, element, show } from "./elements.js";
import { withBlank } from "./insert.js";
import { say } from "./language.js";

// `words` is the answer of /segment, `chosen` the index of the selected blank, `blank` how a blank is written.
export function showWords(parent, text, words, chosen, blank, { onText, onBlank }) {
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
      const attributes = { class: word.known ? "word" : "word unknown", onclick: () => onText(withBlank(text, word, blank)) };
      children.push(button(say("blankWord", word.word), attributes, word.word));
    } else children.push(element("span", { class: "mark" }, word.word));
  }
  show(parent, ...children, slice(at));
}
