import { codePoints, words } from "./characters.ts";
import { numbered } from "./ngrams.ts";

/** Edits that make one sequence the other, and how many units the reference has. */
export interface Edits {
  edits: number;
  units: number;
}

/** Differences between neighbouring cells of a column of the distance table, a bit per row, 32 rows at a time. */
interface Column {
  up: Int32Array;
  down: Int32Array;
}

/** Where each unit stands in the sequence: a bit per place, 32 places to a number. */
function placesOf(sequence: Uint32Array, blocks: number): Map<number, Int32Array> {
  const places = new Map<number, Int32Array>();
  for (const [i, unit] of sequence.entries()) {
    const bits = places.get(unit) ?? new Int32Array(blocks);
    bits[i >>> 5]! |= 1 << (i & 31);
    places.set(unit, bits);
  }
  return places;
}

/** Goes on to the next column. Returns by how much the last row differs from that of the column before: -1, 0 or 1. */
function advance({ up, down }: Column, places: Int32Array, last: number): number {
  // The first row counts the columns: it always rises.
  let carried = 1;
  for (let block = 0; block < up.length; block++) {
    const rising = up[block]!;
    const falling = down[block]!;
    const equal = carried < 0 ? places[block]! | 1 : places[block]!;
    const vertical = places[block]! | falling;
    const diagonal = (((equal & rising) + rising) ^ rising) | equal;
    const more = falling | ~(diagonal | rising);
    const less = rising & diagonal;
    const bit = block === up.length - 1 ? last : 31;
    const moreBelow = (more << 1) | (carried > 0 ? 1 : 0);
    const lessBelow = (less << 1) | (carried < 0 ? 1 : 0);
    carried = ((more >>> bit) & 1) - ((less >>> bit) & 1);
    up[block] = lessBelow | ~(vertical | moreBelow);
    down[block] = moreBelow & vertical;
  }
  return carried;
}

/**
 * Levenshtein distance: fewest insertions, deletions and substitutions. Bit-parallel (Myers 1999, in blocks): O(n m / 32)
 * time, O(n) memory.
 */
export function editDistance(one: Uint32Array, other: Uint32Array): number {
  if (one.length === 0) return other.length;
  const blocks = Math.ceil(one.length / 32);
  const places = placesOf(one, blocks);
  const nowhere = new Int32Array(blocks);
  const column: Column = { up: new Int32Array(blocks).fill(-1), down: new Int32Array(blocks) };
  let distance = one.length;
  for (const unit of other) distance += advance(column, places.get(unit) ?? nowhere, (one.length - 1) & 31);
  return distance;
}

/** Edits of words, split at white space, nothing normalised. */
export function wordEdits(text: string, reference: string): Edits {
  const [own, other] = numbered([words(text), words(reference)]).numbers;
  return { edits: editDistance(own!, other!), units: other!.length };
}

/** Edits of characters (code points), white space among them, nothing normalised. */
export function characterEdits(text: string, reference: string): Edits {
  const other = codePoints(reference);
  return { edits: editDistance(codePoints(text), other), units: other.length };
}
