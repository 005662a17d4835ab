// Words put into blanks of the text as typed, and blanks put into the place of words.

import { slicer } from "./characters.js";

// Returns `text` with the words that an answer's `sequence` has in the blank number `chosen`, or in all of them if that
// is undefined. `words` is the answer of /segment. A sequence has no backslashes before what is not a blank, as in \_\_;
// the text keeps them, or it would have new blanks.
export function withAnswer(text, words, sequence, chosen) {
  if (!text.includes("\\")) return sequence;
  const slice = slicer(text);
  const blanks = words.filter((word) => word.kind === "blank");
  const parts = [];
  let at = 0;
  for (const { start, end } of chosen === undefined ? blanks : [blanks[chosen]]) {
    parts.push(slice(at, start));
    at = end;
  }
  parts.push(slice(at));
  const found = sequence.match(new RegExp(`^${parts.map(asRead).join("(.*?)")}$`, "su"));
  return found ? parts.map((part, number) => part + (found[number + 1] ?? "")).join("") : sequence;
}

// Returns a regular expression for typed text in which any backslash may be missing.
function asRead(text) {
  return [...text].map((character) => (character === "\\" ? "\\\\?" : character.replace(/[$()*+./?[\]^{|}]/, "\\$&"))).join("");
}

// Returns the text with `blank` in the place of a word, separated by a space from a backslash, which would make it text,
// and from an adjacent blank: ____ would be a single one.
export function withBlank(text, { start, end }, blank) {
  const slice = slicer(text);
  const characters = [...blank];
  const before = `_＿\\${characters[0]}`.includes((start && slice(start - 1, start)) || " ") ? " " : "";
  const after = `_＿${characters.at(-1)}`.includes(slice(end, end + 1) || " ") ? " " : "";
  return slice(0, start) + before + blank + after + slice(end);
}
