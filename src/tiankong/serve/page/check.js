// Words that don't fit: underlined, the darker the less they fit, with suggestions for the word pointed at.

import { slicer } from "./characters.js";
import { button, element, show } from "./elements.js";
import { percent, say } from "./language.js";

export function showChecked({ line, summary, suggestions }, text, words, onText) {
  const select = (word) => showSuggestions(suggestions, text, word, onText);
  const slice = slicer(text);
  const children = [];
  let at = 0;
  for (const word of words) {
    children.push(slice(at, word.start));
    at = word.end;
    children.push(word.fits ? element("span", { title: percent(word.score) }, word.word) : misfit(word, select));
  }
  show(line, ...children, slice(at));
  const wrong = words.filter((word) => !word.fits);
  summary.textContent = say("checkedSummary", wrong.length, words.length);
  suggestions.hidden = true;
}

function misfit(word, select) {
  const onPoint = () => select(word);
  return button(
    say("misfit", word.word, percent(word.misfit)),
    {
      class: "misfit",
      "--misfit": word.misfit.toFixed(3),
      "aria-controls": "suggestions",
      onclick: onPoint,
      onfocus: onPoint,
      onmouseenter: onPoint,
    },
    word.word,
  );
}

function showSuggestions(parent, text, word, onText) {
  const title = say("better", word.word, percent(word.misfit));
  const slice = slicer(text);
  const chips = word.suggestions.map((suggestion) => {
    const share = percent(suggestion.score);
    return button(
      say("replace", suggestion.token_str, share),
      { class: "chip", onclick: () => onText(slice(0, word.start) + suggestion.token_str + slice(word.end)) },
      element("span", { class: "word" }, suggestion.token_str),
      element("span", { class: "share" }, share),
      element("span", { class: "bar", "--share": String(suggestion.score), "aria-hidden": "true" }),
    );
  });
  parent.setAttribute("aria-label", title);
  parent.replaceChildren(element("h2", {}, title), ...(chips.length ? chips : [element("p", {}, say("noBetter"))]));
  parent.hidden = false;
}
