// The page: input changes the state; then the page requests and shows the answers for it.

import { showAnswers } from "./answers.js";
import { showChecked } from "./check.js";
import { showDiagram } from "./diagram.js";
import { element, show } from "./elements.js";
import { examplesFor } from "./examples.js";
import { showLabels } from "./labels.js";
import { withAnswer } from "./insert.js";
import { LANGUAGES, explainError, percent, preferredLanguage, say, setLanguage } from "./language.js";
import { ask, setKey } from "./server.js";
import { CONSTRAINTS, blankText, fillParameters, fromLink, state, toLink } from "./state.js";
import { showWords } from "./words.js";

const TYPING_PAUSE = 120; // milliseconds
const SLOW = 300; // milliseconds until outdated answers are dimmed
const UNSPACED = /^(?:\p{scx=Hani}|\p{scx=Hira}|\p{scx=Kana}|\p{sc=Thai}|\p{sc=Laoo}|\p{sc=Khmr}|\p{sc=Mymr}|\p{sc=Tibt})/u;

const byId = (id) => document.getElementById(id);
const fields = [...document.querySelectorAll("#constraints input, #constraints select")];
const precisions = [...byId("precision").options].map((option) => option.value);
const history = [];
let refreshing = new AbortController();
let typing;
let model;

// --- requests and answers

async function refresh() {
  refreshing.abort();
  refreshing = new AbortController();
  const { signal } = refreshing;
  const waiting = setTimeout(() => document.body.classList.add("waiting"), SLOW);
  showControls();
  try {
    if (!state.text.trim()) showNothing();
    else await { fill: refreshFill, check: refreshCheck, label: refreshLabels }[view()](signal);
    if (!signal.aborted) clearErrors();
  } catch (error) {
    if (!signal.aborted) showError(error);
  } finally {
    clearTimeout(waiting);
    if (!signal.aborted) document.body.classList.remove("waiting");
  }
}

async function refreshFill(signal) {
  const { text } = state;
  const parameters = fillParameters((name) => {
    throw new InvalidInput(say("number", say(fieldName(name))));
  });
  const options = { signal, onBusy: () => complain(say("busy")) };
  const words = await segment(text, parameters.blank, options);
  const count = words.filter((word) => word.kind === "blank").length;
  state.blank = Math.min(state.blank, Math.max(0, count - 1));
  const clicked = { onText: change, onBlank: selectBlank };
  const showSentence = () => showWords(byId("words"), text, words, count ? state.blank : -1, blankText(), clicked);
  showSentence();
  if (!count) {
    show(byId("answers"), element("p", { class: "hint" }, say("noBlank", blankText())));
    byId("diagram").hidden = true;
    return;
  }
  const answer = await ask("fill", { inputs: text, parameters: { ...parameters, joint: count > 1 } }, options);
  const lists = count > 1 ? answer.blanks : [answer];
  const reasons = await reasonsForNone(lists, text, words, parameters, options);
  const onInsert = (sequence, blank) => change(withAnswer(text, words, sequence, blank));
  const showLists = () =>
    showAnswers(byId("answers"), lists, reasons, answer.joint, state.blank, { onInsert, onWhy: why });
  const why = (blank, chosen) => {
    state.blank = blank;
    showControls();
    showSentence();
    showLists();
    explainWord(chosen.token_str).then(() => signal.aborted || clearErrors(), showError);
  };
  // Only the explanation requested last is shown.
  let explaining = new AbortController();
  signal.addEventListener("abort", () => explaining.abort());
  const explainWord = async (word) => {
    explaining.abort();
    explaining = new AbortController();
    const { signal: current } = explaining;
    if (signal.aborted) return;
    try {
      await explain(text, word, words, state.blank, parameters, { ...options, signal: current });
    } catch (error) {
      if (!current.aborted) throw error;
    }
  };
  showLists();
  const best = lists[state.blank][0];
  byId("status").textContent = best ? say("best", best.token_str, percent(best.score)) : (reasons[state.blank] ?? say("none"));
  if (best && best.token !== null) await explainWord(best.token_str);
  else byId("diagram").hidden = true;
}

// Returns the words of the text, in which blanks are written `blank`.
async function segment(text, blank, options) {
  try {
    return await ask("segment", { inputs: text, parameters: { blank } }, options);
  } catch (error) {
    byId("words").replaceChildren();
    throw error;
  }
}

// Returns for each blank without an answer why it has none, as far as the letters beside it matter: either no word has
// them, or the constraints leave only words without them.
async function reasonsForNone(lists, text, words, parameters, options) {
  if (parameters.part_of_word === false || lists.every((answers) => answers.length)) return [];
  const { part_of_word, blank: blank_text } = parameters;
  const unconstrained = { part_of_word, blank: blank_text, top_k: 1 };
  const apart = { ...parameters, part_of_word: false, top_k: 1 };
  const [listsUnconstrained, listsApart] = await Promise.all(
    [unconstrained, apart].map(async (others) => {
      const answer = await ask("fill", { inputs: text, parameters: others }, options);
      return lists.length > 1 ? answer : [answer];
    }),
  );
  const places = words.flatMap((word, place) => (word.kind === "blank" ? [place] : []));
  return lists.map((answers, blank) => {
    if (answers.length) return undefined;
    const form = formAround(words, places[blank]);
    if (!listsUnconstrained[blank].length) return say("noWordOfForm", form);
    return listsApart[blank].length ? say("noneOfForm", form) : undefined;
  });
}

// Returns the letters on both sides of a blank; scripts without spaces lend none to the word before them.
function formAround(words, place) {
  const { start, end } = words[place];
  const before = words[place - 1];
  const after = words[place + 1];
  const prefix = before?.kind === "word" && before.end === start ? before.word : "";
  const suffix = after?.kind === "word" && after.start === end && !UNSPACED.test(after.word) ? after.word : "";
  return `${prefix}…${suffix}`;
}

async function explain(text, word, words, blank, { part_of_word, blank: blank_text }, options) {
  const request = { inputs: text, parameters: { word, blank, part_of_word, blank_text } };
  const explanation = await ask("explain", request, options);
  showDiagram(byId("diagram"), explanation, words, blank);
}

async function refreshCheck(signal) {
  const { text } = state;
  const parameters = { precision: Number(state.precision), suggestions: 5 };
  const words = await ask("check", { inputs: text, parameters }, { signal, onBusy: () => complain(say("busy")) });
  const places = { line: byId("checked"), summary: byId("checked-summary"), suggestions: byId("suggestions") };
  showChecked(places, text, words, replace);
}

// The focused button disappears with the other suggestions, so the focus moves to the summary.
function replace(text) {
  change(text);
  byId("checked-summary").focus();
}

async function refreshLabels(signal) {
  const [shares] = await ask("classify", { inputs: state.text }, { signal, onBusy: () => complain(say("busy")) });
  showLabels(byId("labels"), shares);
  byId("status").textContent = say("bestLabel", shares[0].label, percent(shares[0].score));
}

class InvalidInput extends Error {}

function showError(error) {
  showNoAnswers();
  complain(error instanceof InvalidInput ? error.message : explainError(error));
  byId("key-form").hidden = error.reason !== "key";
  if (error.reason === "folder" || error.reason === "classifier") followModel();
}

// The server may have replaced its model since the page was loaded.
async function followModel() {
  const before = model?.sha256;
  await loadModel();
  if (model && model.sha256 !== before) refresh();
}

function clearErrors() {
  complain("");
  byId("key-form").hidden = true;
}

function complain(message) {
  byId("error").textContent = message;
  byId("error").hidden = !message;
}

function showNothing() {
  showNoAnswers();
  byId("words").textContent = view() === "fill" ? say("empty") : "";
}

function showNoAnswers() {
  for (const id of ["answers", "checked", "checked-summary", "labels"]) byId(id).replaceChildren();
  byId("diagram").hidden = byId("suggestions").hidden = true;
}

// --- the controls

function showControls() {
  window.history.replaceState(null, "", toLink());
  if (byId("text").value !== state.text) byId("text").value = state.text;
  byId("undo").disabled = !history.length;
  for (const name of ["fill", "check", "label"]) byId(`${name}-view`).hidden = view() !== name;
  for (const name of ["fill", "check"]) byId(`view-${name}`).setAttribute("aria-pressed", String(view() === name));
  byId("views").hidden = view() === "label";
  byId("precision").value = state.precision;
  for (const field of fields) if (field !== document.activeElement) field.value = state.constraints[field.name] ?? "";
  const set = Object.values(state.constraints).filter((value) => value.trim()).length;
  byId("constraints-set").textContent = set ? say("constraintsSet", set) : "";
  byId("copied").textContent = "";
}

// A classifier has a view of its own and no other.
function view() {
  return model?.task === "classify" ? "label" : state.view;
}

function showLanguage() {
  byId("text-label").dataset.say = view() === "label" ? "textToLabel" : "sentence";
  setLanguage(state.language);
  byId("language").textContent = say("switch");
  byId("language").lang = state.language === "en" ? "zh" : "en";
  byId("examples").replaceChildren(
    element("option", { value: "" }, say("pick")),
    ...examplesFor(model).map((sentence) => element("option", {}, sentence)),
  );
  showModel();
}

function showModel() {
  const [message, size] =
    view() === "label" ? ["labelModel", model.labels.length] : ["model", model?.words.toLocaleString()];
  byId("model").textContent = model ? say(message, model.model, size) : "";
}

async function loadModel() {
  model = await ask("info").catch(() => undefined);
  showLanguage();
}

function fieldName(name) {
  return { top_k: "topK", length: "length" }[name];
}

// Changes the text; undo reverts it.
function change(text) {
  history.push(state.text);
  state.text = text;
  refresh();
}

function selectBlank(blank) {
  state.blank = blank;
  refresh();
}

function refreshAfterPause() {
  clearTimeout(typing);
  typing = setTimeout(refresh, TYPING_PAUSE);
}

byId("text").addEventListener("input", (event) => {
  state.text = event.target.value;
  refreshAfterPause();
});
byId("examples").addEventListener("change", (event) => {
  if (event.target.value) change(event.target.value);
  event.target.value = "";
});
byId("undo").addEventListener("click", () => {
  state.text = history.pop() ?? state.text;
  refresh();
});
byId("link").addEventListener("click", async () => {
  const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  byId("copied").textContent = say(copied ? "copied" : "notCopied");
});
byId("language").addEventListener("click", () => {
  state.language = state.language === "en" ? "zh" : "en";
  showLanguage();
  refresh();
});
for (const name of ["fill", "check"]) {
  byId(`view-${name}`).addEventListener("click", () => {
    state.view = name;
    refresh();
  });
}
byId("precision").addEventListener("change", (event) => {
  state.precision = event.target.value;
  refresh();
});
for (const field of fields) {
  field.addEventListener("input", () => {
    state.constraints[field.name] = field.value;
    refreshAfterPause();
  });
}
byId("clear").addEventListener("click", () => {
  for (const name of CONSTRAINTS) delete state.constraints[name];
  refresh();
});
byId("key-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  setKey(byId("key").value);
  byId("key").value = "";
  await loadModel();
  refresh();
});
window.addEventListener("hashchange", followLink);

function followLink() {
  fromLink(location.hash, LANGUAGES, precisions);
  showLanguage();
  refresh();
}

state.language = preferredLanguage();
fromLink(location.hash, LANGUAGES, precisions);
showLanguage();
await loadModel();
if (!location.hash && !byId("text").value) [state.text] = examplesFor(model);
else if (!location.hash) state.text = byId("text").value;
refresh();
