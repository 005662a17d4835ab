// The server counts positions in Unicode characters. JavaScript counts UTF-16 units, two for 😀.

// Returns a function that slices `text` by characters.
export function slicer(text) {
  const characters = [...text];
  return (start, end) => characters.slice(start, end).join("");
}
