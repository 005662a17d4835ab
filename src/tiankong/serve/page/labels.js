// The labels of a text, each on a line with its probability as a bar.

import { element, show } from "./elements.js";
import { percent, say } from "./language.js";

const MOST_SHOWN = 20;

// `shares` is the answer of /classify for one text, most probable label first.
export function showLabels(parent, shares) {
  const lines = shares.slice(0, MOST_SHOWN).map(({ label, score }) =>
    element(
      "li",
      {},
      element("span", { class: "word" }, label),
      element("span", { class: "share" }, percent(score)),
      element("span", { class: "bar", "--share": String(score), "aria-hidden": "true" }),
    ),
  );
  const more = shares.length - lines.length;
  const rest = more > 0 ? [element("p", { class: "hint" }, say("moreLabels", more))] : [];
  show(parent, element("h2", {}, say("labels")), element("ol", {}, ...lines), ...rest);
}
