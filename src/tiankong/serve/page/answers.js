// What may stand in the blanks: a chip a word, with its probability as a bar.

import { button, element, show } from "./elements.js";
import { percent, say } from "./language.js";

// `lists` has the answers of each blank, `joint` whole fillings, if there are several blanks.
export function showAnswers(parent, lists, joint, chosen, { onText, onWhy }) {
  const groups = lists.map((answers, number) =>
    element(
      "section",
      { class: number === chosen ? "answers chosen" : "answers" },
      element("h2", {}, say("answersFor", number + 1, lists.length)),
      answers.length ? chips(answers, (answer) => onText(answer.sequence), (answer) => onWhy(number, answer)) : none(),
    ),
  );
  if (joint) {
    const whole = joint.map((answer) => ({ ...answer, token_str: answer.token_strs.join(" … ") }));
    groups.unshift(
      element(
        "section",
        { class: "answers together" },
        element("h2", {}, say("together")),
        whole.length ? chips(whole, (answer) => onText(answer.sequence)) : none(),
      ),
    );
  }
  show(parent, ...groups);
}

function chips(answers, onPut, onWhy) {
  return element("ol", {}, ...answers.map((answer) => element("li", {}, ...chip(answer, onPut, onWhy))));
}

function chip(answer, onPut, onWhy) {
  const share = percent(answer.score);
  const bar = element("span", { class: "bar", "--share": String(answer.score), "aria-hidden": "true" });
  const put = button(
    say("putIn", answer.token_str, share),
    { class: "chip", onclick: () => onPut(answer) },
    element("span", { class: "word" }, answer.token_str),
    element("span", { class: "share" }, share),
    bar,
  );
  if (!onWhy || answer.token === null) return [put];
  return [put, button(say("whyThis", answer.token_str), { class: "why", onclick: () => onWhy(answer) }, say("why"))];
}

function none() {
  return element("p", { class: "hint" }, say("none"));
}
