// The page's state and the link that stores it. Browsers don't send the part after # to the server.

export const CONSTRAINTS = [
  ...["starts_with", "ends_with", "contains", "length", "pattern", "exclude", "targets", "top_k"],
  ...["part_of_word", "blank_text"],
];

const USUAL_BLANK = "__";

export const state = {
  text: "",
  view: "fill",
  language: "en",
  blank: 0,
  precision: "0.8",
  constraints: {},
};

export function toLink() {
  const link = new URLSearchParams();
  if (state.text) link.set("text", state.text);
  if (state.view !== "fill") link.set("view", state.view);
  if (state.precision !== "0.8") link.set("precision", state.precision);
  if (state.blank) link.set("blank", state.blank + 1);
  link.set("language", state.language);
  for (const name of CONSTRAINTS) {
    if (state.constraints[name]) link.set(name, state.constraints[name]);
  }
  return `#${link}`;
}

export function fromLink(hash, languages, precisions) {
  const link = new URLSearchParams(hash.slice(1));
  state.text = link.get("text") ?? "";
  state.view = link.get("view") === "check" ? "check" : "fill";
  state.precision = precisions.includes(link.get("precision")) ? link.get("precision") : "0.8";
  if (languages.includes(link.get("language"))) state.language = link.get("language");
  state.constraints = Object.fromEntries(
    CONSTRAINTS.filter((name) => link.get(name)).map((name) => [name, link.get(name)]),
  );
  state.blank = /^\d{1,4}$/.test(link.get("blank")) ? Math.max(0, Number(link.get("blank")) - 1) : 0;
}

// Returns how blanks are written.
export function blankText() {
  return state.constraints.blank_text?.trim() || USUAL_BLANK;
}

// Returns the parameters of /fill; calls `complain` with the name of an invalid field.
export function fillParameters(complain) {
  const parameters = {};
  for (const [name, input] of Object.entries(state.constraints)) {
    const value = input.trim();
    if (!value) continue;
    if (name === "blank_text") parameters.blank = value;
    else if (name === "part_of_word") {
      if (["true", "false"].includes(value)) parameters.part_of_word = value === "true";
    } else if (name === "top_k") parameters.top_k = wholeNumber(value, name, complain);
    else if (name === "length") {
      const numbers = value.split(/\s*[-–—－~～]\s*/).map((number) => wholeNumber(number, name, complain));
      parameters.length = numbers.length === 1 ? numbers[0] : numbers;
    } else if (name === "exclude" || name === "targets") {
      parameters[name] = value.split(/[\s,，、;；]+/).filter(Boolean);
    } else parameters[name] = value;
  }
  return parameters;
}

function wholeNumber(text, name, complain) {
  if (!/^\d{1,9}$/.test(text)) complain(name);
  return Number(text);
}
