// Places in a text as the server counts them: characters, of which 😀 is one, where JavaScript's strings count two.

// A function that cuts `text` from one character to another.
export function cutter(text) {
  const characters = [...text];
  return (start, end) => characters.slice(start, end).join("");
}
