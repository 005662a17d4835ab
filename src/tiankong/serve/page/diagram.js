// The diagram of how the network reads a blank: two directions that meet there, words shaded by influence.

import { element, show } from "./elements.js";
import { percent, say } from "./language.js";

const SHOWN = 9; // words on each side

// `explanation` is the answer of /explain, `words` that of /segment for the same text, `chosen` the blank's index.
export function showDiagram(figure, explanation, words, chosen) {
  const influences = new Map(explanation.context.map((word) => [word.start, word.influence]));
  const strongest = Math.max(0.01, ...explanation.context.map((word) => Math.abs(word.influence ?? 0)));
  const place = words.flatMap((word, index) => (word.kind === "blank" ? [index] : []))[chosen];
  const box = (word) => wordBox(word, influences.get(word.start) ?? null, strongest);
  const left = shortened(words.slice(0, place).reverse()).reverse();
  const right = shortened(words.slice(place + 1));
  const share = percent(explanation.score);
  figure.querySelector("figcaption").textContent = say("diagram", explanation.token_str, share);
  show(
    figure.querySelector(".reading"),
    direction("forward", say("forward"), left.map((word) => (word === null ? gap() : box(word)))),
    element("div", { class: "meeting" }, element("strong", {}, explanation.token_str), element("span", {}, share)),
    direction("backward", say("backward"), right.map((word) => (word === null ? gap() : box(word)))),
  );
  figure.hidden = false;
}

// The nearest words, then null for the rest.
function shortened(words) {
  return words.length > SHOWN ? [...words.slice(0, SHOWN), null] : words;
}

function direction(name, label, boxes) {
  return element("div", { class: `direction ${name}` }, element("p", {}, label), element("ol", { "aria-label": label }, ...boxes));
}

function gap() {
  return element("li", { class: "gap" }, "…");
}

function wordBox(word, influence, strongest) {
  if (word.kind === "blank") return element("li", { class: "other-blank" }, "▢");
  const points = influence === null ? "" : signed(100 * influence);
  const label = say("influence", word.word, influence === null ? say("notRead") : say("points", points));
  const strength = influence === null ? 0 : Math.abs(influence) / strongest;
  return element(
    "li",
    { class: (influence ?? 0) < 0 ? "against" : "for", "--strength": strength.toFixed(3), title: label },
    element("span", { class: "word" }, word.word),
    element("span", { class: "points" }, points),
  );
}

function signed(points) {
  const rounded = Math.abs(points) < 9.95 ? points.toFixed(1) : points.toFixed(0);
  return Number(rounded) === 0 ? "0" : `${points > 0 ? "+" : "−"}${rounded.replace("-", "")}`;
}
