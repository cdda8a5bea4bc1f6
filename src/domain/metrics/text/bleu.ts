import { withoutLastSpace, words } from "./characters.ts";
import { type Ngrams, ngramsOf, shared } from "./ngrams.ts";

/** N-grams up to four words. */
const order = 4;

/** How long the counts of a row are: length, reference length, matches of each order, n-grams of each order. */
export const bleuWidth = 2 + 2 * order;

/** The rules of mteval-v13a, in order, with white space put around each separated sign. */
const separations: readonly (readonly [RegExp, string])[] = [
  [/([{-~[-` -&(-+:-@/])/gu, " $1 "],
  // Full stop and comma stay inside numbers only.
  [/([^0-9])([.,])/gu, "$1 $2 "],
  [/([.,])([^0-9])/gu, " $1 $2"],
  [/([0-9])(-)/gu, "$1 $2 "],
];

/** Tokens of a text by the tokenizer 13a of sacrebleu 2.6.0. It knows words only where a script puts spaces between them. */
export function tokens13a(text: string): string[] {
  const plain = withoutLastSpace(text)
    .replaceAll("<skipped>", "")
    .replaceAll("-\n", "")
    .replaceAll("\n", " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">");
  return words(separations.reduce((line, [pattern, put]) => line.replace(pattern, put), ` ${plain} `));
}

/** The length nearest to that of the text; of two as near the shorter. */
function nearest(length: number, lengths: readonly number[]): number {
  const distance = (one: number): number => Math.abs(one - length);
  return lengths.reduce((best, one) =>
    distance(one) < distance(best) || (distance(one) === distance(best) && one < best) ? one : best,
  );
}

/** N-grams of a reference as often as the reference that holds each most often has it. */
function most([first, ...others]: readonly Ngrams[]): Ngrams {
  const counts = first!.counts.map((count, i) => others.reduce((top, other) => Math.max(top, other.counts[i]!), count));
  return { ...first!, counts };
}

/** What BLEU adds up over rows, as long as {@link bleuWidth}. @param references at least one */
export function bleuCounts(text: string, references: readonly string[]): Float64Array {
  const [own, ...others] = [text, ...references].map(tokens13a);
  const lengths = others.map(({ length }) => length);
  const ngrams = ngramsOf([own!, ...others], order);
  return Float64Array.of(
    own!.length,
    nearest(own!.length, lengths),
    ...ngrams.map(([one, ...ofOthers]) => shared(one!, most(ofOthers))),
    ...ngrams.map(([one]) => one!.total),
  );
}

interface Bleu {
  /** 0 to 100. */
  score: number;
  /** Of each order, 0 to 100, smoothed. */
  precisions: number[];
  brevityPenalty: number;
}

/** Chen and Cherry 2014, method 3: an order without a match counts half of the one before it that had none. */
function smoothed(matched: Float64Array, totals: Float64Array): number[] {
  let divisor = 1;
  const precisions = Array.from<number>({ length: order }).fill(0);
  for (let n = 0; n < order && totals[n]! > 0; n++) {
    if (matched[n] === 0) divisor *= 2;
    precisions[n] = matched[n] === 0 ? 100 / (divisor * totals[n]!) : (100 * matched[n]!) / totals[n]!;
  }
  return precisions;
}

/**
 * BLEU (Papineni et al. 2002) as sacrebleu 2.6.0 computes it by default; signature
 * `case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0`.
 * @param counts summed {@link bleuCounts}
 * @param effectiveOrder leave out orders that the text is too short for, as for single sentences
 */
export function bleuOf(counts: Float64Array, effectiveOrder = false): Bleu {
  const [length = 0, reference = 0] = counts;
  const [matched, totals] = [counts.subarray(2, 2 + order), counts.subarray(2 + order)];
  const brevityPenalty = length >= reference ? 1 : length > 0 ? Math.exp(1 - reference / length) : 0;
  if (!matched.some((count) => count > 0))
    return { score: 0, precisions: Array.from<number>({ length: order }).fill(0), brevityPenalty };
  const precisions = smoothed(matched, totals);
  const used = effectiveOrder ? precisions.slice(0, totals.filter((total) => total > 0).length) : precisions;
  const logs = used.reduce((sum, precision) => sum + Math.log(precision), 0);
  return { score: brevityPenalty * Math.exp(logs / used.length), precisions, brevityPenalty };
}
