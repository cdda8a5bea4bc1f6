/** The middle of a list of numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** `0.131 CPU s (0.128 to 0.150)`: median, least and most. */
export const spread = (values: readonly number[], unit: string): string =>
  `${median(values).toFixed(3)} ${unit} (${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)})`;
