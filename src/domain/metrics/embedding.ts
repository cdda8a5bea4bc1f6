import { type ArgumentRule, type Arguments, numberOf } from "./arguments.ts";
import { correlationOfRanks } from "./correlation.ts";
import {
  isUndefined,
  numbersOf,
  type RowMetric,
  type RowScores,
  type Rows,
  type Statistic,
  type Undefined,
  type Value,
} from "./metric.ts";
import { meanMetric } from "./probabilities.ts";

type Vectors = readonly Float64Array[];

/** The inner product. */
export const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** The Euclidean length, without overflow of the squares. */
export function norm(a: Float64Array): number {
  const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest === 0 ? 0 : largest * Math.sqrt(a.reduce((sum, value) => sum + (value / largest) ** 2, 0));
}

/** The vector of length 1 in the same direction; null for the zero vector. */
function unit(a: Float64Array): Float64Array | null {
  const length = norm(a);
  return length === 0 ? null : a.map((value) => value / length);
}

/** The cosine of the angle between two vectors. Undefined where one is zero, or they differ in length. */
export function cosine(a: Float64Array, b: Float64Array): Value {
  if (a.length !== b.length) return { undefined: "lengths_differ" };
  const [first, second] = [unit(a), unit(b)];
  return first && second ? Math.min(1, Math.max(-1, dot(first, second))) : { undefined: "zero_vector" };
}

/** What a model embedded: the texts, and the other texts of pairs. */
function embedded({ answers }: Rows): { vectors: Vectors; partners: Vectors | null } {
  if (answers.task !== "embedding") throw new TypeError(`${answers.task} answers are no vectors`);
  return answers;
}

/** Cosines of vectors, one by one. */
function cosines(vectors: Vectors, others: Vectors): Float64Array | Undefined {
  const found = new Float64Array(vectors.length);
  for (const [row, vector] of vectors.entries()) {
    const value = cosine(vector, others[row]!);
    if (isUndefined(value)) return value;
    found[row] = value;
  }
  return found;
}

/** The golden vectors; undefined where rows are pairs. */
const golden = ({ truth }: Rows): Vectors | Undefined =>
  truth instanceof Float64Array ? { undefined: "no_golden" } : (truth as Vectors);

function goldenScores(rows: Rows): RowScores | Undefined {
  const right = golden(rows);
  const scores = isUndefined(right) ? right : cosines(embedded(rows).vectors, right);
  return isUndefined(scores) ? scores : { scores, pairable: true };
}

/** Of the rows that count, the least or greatest of a number per row. */
const extreme =
  (numbers: (rows: Rows) => Float64Array | Undefined, of: (a: number, b: number) => number, start: number) =>
  (rows: Rows): Statistic | Undefined => {
    const found = numbers(rows);
    if (isUndefined(found)) return found;
    return (weights) => found.reduce((best, value, row) => (weights[row]! > 0 ? of(best, value) : best), start);
  };

const goldenCosines = (rows: Rows): Float64Array | Undefined => {
  const found = goldenScores(rows);
  return isUndefined(found) ? found : found.scores;
};
const norms = (rows: Rows): Float64Array => Float64Array.from(embedded(rows).vectors, norm);

/** Cosines nearer than this are equal: rounding alone sets apart those of parallel vectors. */
const rounding = 1e-12;

/** How many texts are compared with a partner at a time: each number of the partner is then read once for all of them. */
const block = 4;

/** The inner products of a partner with four texts that stand one behind the other, written to `products`. */
function fourProducts(texts: Float64Array, partner: Float64Array, products: Float64Array): void {
  const width = partner.length;
  // Four plain variables: taken apart from a list they cost more than twice the time.
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (let i = 0; i < width; i++) {
    const value = partner[i]!;
    first += value * texts[i]!;
    second += value * texts[width + i]!;
    third += value * texts[2 * width + i]!;
    fourth += value * texts[3 * width + i]!;
  }
  products[0] = first;
  products[1] = second;
  products[2] = third;
  products[3] = fourth;
}

/** How many of the partners are as close to each text as its own, which is counted too. */
function ranksOf(texts: readonly Float64Array[], partners: readonly Float64Array[]): Float64Array {
  const ranks = new Float64Array(texts.length);
  const width = partners[0]!.length;
  const [four, products, close] = [new Float64Array(block * width), new Float64Array(block), new Float64Array(block)];
  for (let start = 0; start < texts.length; start += block) {
    const own = texts.slice(start, start + block);
    own.forEach((text, place) => four.set(text, place * width));
    for (const place of own.keys()) {
      fourProducts(four, partners[start + place]!, products);
      close[place] = products[place]! - rounding;
    }
    for (const partner of partners) {
      fourProducts(four, partner, products);
      for (let place = 0; place < own.length; place++) if (products[place]! >= close[place]!) ranks[start + place]!++;
    }
  }
  return ranks;
}

/**
 * The rank of each text's partner among the partners of all rows, by cosine. Ties are read against the model: the partner comes
 * last of those that are as close.
 */
function partnerRanks(rows: Rows): Float64Array | Undefined {
  const { vectors, partners } = embedded(rows);
  if (!partners) return { undefined: "no_partners" };
  const width = vectors[0]!.length;
  if ([...vectors, ...partners].some(({ length }) => length !== width)) return { undefined: "lengths_differ" };
  const [own, others] = [vectors, partners].map((list) => list.flatMap((vector) => unit(vector) ?? []));
  if (own!.length + others!.length < vectors.length + partners.length) return { undefined: "zero_vector" };
  return ranksOf(own!, others!);
}

const fromRanks =
  (score: (rank: number, k: number) => number) =>
  (rows: Rows, args: Arguments): RowScores | Undefined => {
    const ranks = partnerRanks(rows);
    if (isUndefined(ranks)) return ranks;
    const depth = numberOf(args, "k", Number.POSITIVE_INFINITY);
    return { scores: ranks.map((rank) => score(rank, depth)), pairable: true };
  };
const foundScores = fromRanks((rank, k) => (rank <= k ? 1 : 0));
const reciprocalScores = fromRanks((rank, k) => (rank <= k ? 1 / rank : 0));

/** Rank correlation of cosines with how alike the pairs are said to be. */
function similarityCorrelation(rows: Rows): Statistic | Undefined {
  const { vectors, partners } = embedded(rows);
  if (!partners || !(rows.truth instanceof Float64Array)) return { undefined: "no_partners" };
  const found = cosines(vectors, partners);
  return isUndefined(found) ? found : correlationOfRanks(numbersOf(rows), found);
}

const k: ArgumentRule = { kind: "integer", from: 1, to: 1_000_000 };
type Line = Pick<RowMetric, "prepare" | "bound"> & Partial<Pick<RowMetric, "args" | "range" | "direction">>;
const metric = (line: Line): RowMetric => ({
  ...{
    kind: "rows",
    tasks: ["embedding"],
    unit: "score",
    direction: "higher",
    range: [-1, 1],
    args: {},
    counts: false,
  },
  ...line,
});
const lengths = [0, Number.POSITIVE_INFINITY] as const;

/** Metrics of vectors: against golden ones, or of pairs of texts. */
export const embeddingMetrics: Readonly<Record<string, RowMetric>> = {
  cosine: metric({ prepare: meanMetric(goldenScores), bound: { kind: "mean", scores: goldenScores } }),
  cosine_min: metric({ prepare: extreme(goldenCosines, Math.min, 1), bound: { kind: "none", instead: "cosine" } }),
  norm_min: metric({
    prepare: extreme(norms, Math.min, Number.POSITIVE_INFINITY),
    bound: { kind: "none", instead: "cosine" },
    range: lengths,
  }),
  norm_max: metric({
    prepare: extreme(norms, Math.max, 0),
    bound: { kind: "none", instead: "cosine" },
    range: lengths,
    direction: "lower",
  }),
  recall: metric({
    args: { k: { ...k, required: true } },
    range: [0, 1],
    prepare: meanMetric(foundScores),
    bound: { kind: "binomial", scores: foundScores },
  }),
  mrr: metric({
    args: { k },
    range: [0, 1],
    prepare: meanMetric(reciprocalScores),
    bound: { kind: "mean", scores: reciprocalScores },
  }),
  spearman: metric({ prepare: similarityCorrelation, bound: { kind: "bootstrap" } }),
};
