/** Edits (insert, delete, replace, swap neighbours) that turn one word into another. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, replaced);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** The known word nearest to one that is not known, when it is near enough to be meant. */
function nearest(word: string, known: readonly string[]): string | null {
  const [best] = known
    .map((name) => ({ name, edits: distance(word.toLowerCase().slice(0, 64), name.toLowerCase().slice(0, 64)) }))
    .toSorted((a, b) => a.edits - b.edits);
  return best && best.edits <= Math.max(1, Math.floor(best.name.length / 3)) ? best.name : null;
}

/** What is allowed, led by the name that was probably meant. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return `${near ? `did you mean "${near}"? ` : ""}allowed: ${known.join(", ")}`;
}
