// Making elements: text is always text, never markup.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) made.style.setProperty(name, value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export function button(label, attributes, ...children) {
  return element("button", { type: "button", "aria-label": label, title: label, ...attributes }, ...children);
}

// Replaces what is in `parent`, keeping the keyboard focus on what stands at the same place.
export function show(parent, ...children) {
  const places = [...parent.querySelectorAll("button")];
  const focused = places.indexOf(document.activeElement);
  parent.replaceChildren(...children);
  if (focused < 0) return;
  const now = [...parent.querySelectorAll("button")];
  (now[Math.min(focused, now.length - 1)] ?? document.getElementById("text")).focus();
}
