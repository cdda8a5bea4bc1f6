import { ngramsOf, numbered, shared } from "./ngrams.ts";

export interface Overlap {
  precision: number;
  recall: number;
  f1: number;
}

/** The variants of ROUGE: words, pairs of words, longest common subsequence. */
export type Rouge = "rouge1" | "rouge2" | "rougeL";

/** Precision, recall and their harmonic mean; 0 where there is nothing to divide by. */
export function overlapOf(matches: number, own: number, reference: number): Overlap {
  const [precision, recall] = [matches / Math.max(own, 1), matches / Math.max(reference, 1)];
  return { precision, recall, f1: matches === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}

/** Runs of `a` to `z` and digits in lower case; every other letter separates, so text of other scripts has no tokens. */
const tokensOf = (text: string): string[] => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

/** The length of the longest common subsequence, O(n m) time and O(m) memory. */
export function longestCommon(one: Uint32Array, other: Uint32Array): number {
  const lengths = new Uint32Array(other.length + 1);
  for (const token of one) {
    let diagonal = 0;
    for (let j = 1; j <= other.length; j++) {
      const above = lengths[j]!;
      lengths[j] = token === other[j - 1] ? diagonal + 1 : Math.max(above, lengths[j - 1]!);
      diagonal = above;
    }
  }
  return lengths.at(-1)!;
}

/** ROUGE (Lin 2004) of a text against one reference as rouge_score 0.1.2 computes it without stemmer. */
export function rouge(variant: Rouge, text: string, reference: string): Overlap {
  const tokens = [tokensOf(text), tokensOf(reference)];
  if (variant === "rougeL") {
    const [own, other] = numbered(tokens).numbers;
    return overlapOf(longestCommon(own!, other!), own!.length, other!.length);
  }
  const [own, other] = ngramsOf(tokens, variant === "rouge1" ? 1 : 2).at(-1)!;
  return overlapOf(shared(own!, other!), own!.total, other!.total);
}
