import { codePoints, withoutSpace, words } from "./characters.ts";
import { type Ngrams, ngramsOf, shared } from "./ngrams.ts";

const characterOrder = 6;
/** Recall counts twice as much as precision. */
const beta = 2;

/** How many orders of n-grams of words: 0 is chrF, 2 is chrF++. */
export type WordOrder = 0 | 2;

/** How long the counts of a row are: of each order n-grams of the text, of the reference, and in both. */
export const chrfWidth = (wordOrder: WordOrder): number => 3 * (characterOrder + wordOrder);

const isPunctuation = (sign: string): boolean => /^[!-/:-@[-`{-~]$/.test(sign);

/** A word with one sign of punctuation split off: the last, or else the first. */
function withoutPunctuation(word: string): string[] {
  const last = word.slice(-1);
  if (word.length === 1) return [word];
  if (isPunctuation(last)) return [word.slice(0, -1), last];
  return isPunctuation(word[0]!) ? [word[0]!, word.slice(1)] : [word];
}

/** N-grams of some texts: `[order][text]`, first of characters, then of words. */
const ordersOf = (texts: readonly string[], wordOrder: WordOrder): Ngrams[][] => [
  ...ngramsOf(
    texts.map((text) => codePoints(withoutSpace(text))),
    characterOrder,
  ),
  ...ngramsOf(
    texts.map((text) => words(text).flatMap(withoutPunctuation)),
    wordOrder,
  ),
];

/** What chrF adds up over rows, of the reference that fits best. @param references at least one */
export function chrfCounts(text: string, references: readonly string[], wordOrder: WordOrder): Float64Array {
  const orders = ordersOf([text, ...references], wordOrder);
  // An order that the reference is too short for says nothing of the text either.
  const against = ([own, ...others]: Ngrams[], reference: number): number[] => {
    const other = others[reference]!;
    return [other.total === 0 ? 0 : own!.total, other.total, shared(own!, other)];
  };
  const [first, ...further] = references.map((_, reference) =>
    Float64Array.from(orders.flatMap((ngrams) => against(ngrams, reference))),
  );
  return further.reduce((best, one) => (chrfOf(one) > chrfOf(best) ? one : best), first!);
}

/**
 * chrF (Popović 2015) and chrF++ (2017), 0 to 100, as sacrebleu 2.6.0 computes them by default: F of the mean precision
 * and recall over the orders that both texts have; signature `case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0`.
 * @param counts summed {@link chrfCounts}
 */
export function chrfOf(counts: Float64Array): number {
  let [precision, recall, orders] = [0, 0, 0];
  for (let at = 0; at < counts.length; at += 3) {
    const [own, reference, matched] = counts.subarray(at, at + 3) as unknown as [number, number, number];
    if (own === 0 || reference === 0) continue;
    precision += matched / own;
    recall += matched / reference;
    orders++;
  }
  if (precision + recall === 0) return 0;
  const [p, r] = [precision / orders, recall / orders];
  // In sacrebleu's order of operations: of two references that fit equally well the same one must win.
  return 100 * (((1 + beta ** 2) * p * r) / (beta ** 2 * p + r));
}
