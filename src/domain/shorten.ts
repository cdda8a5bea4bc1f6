/**
 * A text on one line and of at most so many UTF-16 units, with … where it was cut. A character is never cut in two, and half a
 * character that came so is replaced.
 */
export function shorten(text: string, most: number): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim();
  return cut(line, most);
}

/** The beginning of a text, at most so many UTF-16 units, with … where it was cut. A character is never cut in two. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = text.slice(0, most - 1);
  return `${/[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}
