// Creates elements. Text is always text, never markup.

export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (name.startsWith("on")) created.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) created.style.setProperty(name, value);
    else created.setAttribute(name, value);
  }
  created.append(...children);
  return created;
}

export function button(label, attributes, ...children) {
  return element("button", { type: "button", "aria-label": label, title: label, ...attributes }, ...children);
}

// Replaces the content of `parent`; the keyboard focus stays on the button at the same position.
export function show(parent, ...children) {
  const before = [...parent.querySelectorAll("button")];
  const focused = before.indexOf(document.activeElement);
  parent.replaceChildren(...children);
  if (focused < 0) return;
  const after = [...parent.querySelectorAll("button")];
  (after[Math.min(focused, after.length - 1)] ?? document.getElementById("text")).focus();
}
