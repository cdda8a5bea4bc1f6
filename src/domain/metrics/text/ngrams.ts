/** Sequences of equal things written as numbers from 0: equal things have equal numbers in all of them. */
interface Numbered {
  numbers: readonly Uint32Array[];
  distinct: number;
}

/** Numbers the things of some sequences in order of first sight. */
export function numbered<T>(sequences: readonly ArrayLike<T>[]): Numbered {
  const known = new Map<T, number>();
  const numbers = sequences.map((sequence) => {
    const own = new Uint32Array(sequence.length);
    for (let i = 0; i < own.length; i++) {
      const thing = sequence[i]!;
      const number = known.get(thing) ?? known.size;
      if (number === known.size) known.set(thing, number);
      own[i] = number;
    }
    return own;
  });
  return { numbers, distinct: known.size };
}

/** How often each n-gram of one order occurs; n-grams are numbered alike for all sequences they were counted with. */
export interface Ngrams {
  counts: Uint32Array;
  total: number;
}

function tally(numbers: Uint32Array, distinct: number): Ngrams {
  const counts = new Uint32Array(distinct);
  for (const number of numbers) counts[number]!++;
  return { counts, total: numbers.length };
}

/** N-grams one unit longer: each shorter one with the unit that follows, as one number. */
function longer(shorter: Uint32Array, units: Uint32Array, distinct: number): Float64Array {
  const pairs = new Float64Array(Math.max(0, shorter.length - 1));
  const next = units.length - pairs.length;
  for (let i = 0; i < pairs.length; i++) pairs[i] = shorter[i]! * distinct + units[i + next]!;
  return pairs;
}

/** Counts the n-grams of sequences of words or characters: `[n - 1][sequence]` for each n up to the greatest. */
export function ngramsOf<T>(sequences: readonly ArrayLike<T>[], most: number): Ngrams[][] {
  const units = numbered(sequences);
  const orders: Ngrams[][] = [];
  let last = units;
  for (let n = 1; n <= most; n++) {
    if (n > 1) last = numbered(last.numbers.map((own, s) => longer(own, units.numbers[s]!, units.distinct)));
    orders.push(last.numbers.map((own) => tally(own, last.distinct)));
  }
  return orders;
}

/** How many n-grams two sequences share, each counted as often as it is in both. */
export function shared(one: Ngrams, other: Ngrams): number {
  let matches = 0;
  for (let i = 0; i < one.counts.length; i++) matches += Math.min(one.counts[i]!, other.counts[i]!);
  return matches;
}
