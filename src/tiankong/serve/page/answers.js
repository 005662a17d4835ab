// Answers for the blanks: each a button, with its probability as a bar.

import { button, element, show } from "./elements.js";
import { percent, say } from "./language.js";

// `lists` holds the answers for each blank, `reasons` why a blank has none; `joint` fillings of all blanks, if there are
// several. `onInsert` gets a sequence, and the number of the blank unless all are filled.
export function showAnswers(parent, lists, reasons, joint, chosen, { onInsert, onWhy }) {
  const groups = lists.map((answers, number) =>
    element(
      "section",
      { class: number === chosen ? "answers chosen" : "answers" },
      element("h2", {}, say("answersFor", number + 1, lists.length)),
      answers.length
        ? chips(answers, (answer) => onInsert(answer.sequence, number), (answer) => onWhy(number, answer))
        : none(reasons[number]),
    ),
  );
  if (joint) {
    const fillings = joint.map((answer) => ({ ...answer, token_str: answer.token_strs.join(" … ") }));
    groups.unshift(
      element(
        "section",
        { class: "answers together" },
        element("h2", {}, say("together")),
        fillings.length ? chips(fillings, (answer) => onInsert(answer.sequence)) : none(),
      ),
    );
  }
  show(parent, ...groups);
}

function chips(answers, onInsert, onWhy) {
  return element("ol", {}, ...answers.map((answer) => element("li", {}, ...chip(answer, onInsert, onWhy))));
}

function chip(answer, onInsert, onWhy) {
  const share = percent(answer.score);
  const bar = element("span", { class: "bar", "--share": String(answer.score), "aria-hidden": "true" });
  const insert = button(
    say("insert", answer.token_str, share),
    { class: "chip", onclick: () => onInsert(answer) },
    element("span", { class: "word" }, answer.token_str),
    element("span", { class: "share" }, share),
    bar,
  );
  if (!onWhy || answer.token === null) return [insert];
  return [insert, button(say("whyThis", answer.token_str), { class: "why", onclick: () => onWhy(answer) }, say("why"))];
}

function none(reason = say("none")) {
  return element("p", { class: "hint" }, reason);
}
