import type { Answers, Truth } from "../observations/observations.ts";
import {
  type Bound,
  type RowMetric,
  type RowScores,
  type Rows,
  type Statistic,
  type Undefined,
  type Value,
} from "./metric.ts";
import { meanMetric } from "./probabilities.ts";
import { bleuCounts, bleuOf, bleuWidth } from "./text/bleu.ts";
import { shareOutsideAscii, shareWithoutWords } from "./text/characters.ts";
import { chrfCounts, chrfOf, chrfWidth, type WordOrder } from "./text/chrf.ts";
import { characterEdits, type Edits, wordEdits } from "./text/edits.ts";
import { perplexityOf } from "./text/perplexity.ts";
import { type Rouge, rouge } from "./text/rouge.ts";
import { isExactMatch, tokenF1 } from "./text/squad.ts";

/** A greater share of characters that a tokenizer cannot read makes a metric undefined. */
const mostUnread = 0.2;

/** What a generating model was asked and answered; index = row. */
interface Generated {
  texts: readonly string[];
  golds: readonly (readonly string[])[];
  logprobs: readonly Float64Array[] | null;
}

function generatedOf({ truth, answers }: Rows): Generated {
  if (answers.task !== "generation") throw new TypeError(`${answers.task} answers are no texts`);
  // The truth of this task is a list of texts per row: see Truth.
  return { ...answers, golds: truth as Generated["golds"] };
}

/** Why these texts cannot be compared, or null. */
type Objection = (generated: Generated) => Undefined | null;

/** Made once for the same truth and answers: values and their bounds both ask, and comparing texts takes long. */
function once<T>(make: (rows: Rows) => T): (rows: Rows) => T {
  const known = new WeakMap<Answers, { truth: Truth; made: T }>();
  return (rows) => {
    const { truth, answers } = rows;
    const found = known.get(answers);
    if (found?.truth === truth) return found.made;
    const made = make(rows);
    known.set(answers, { truth, made });
    return made;
  };
}

/** A row without a text that is right cannot be wrong. */
const noGold: Objection = ({ golds }) => (golds.every(({ length }) => length > 0) ? null : { undefined: "no_gold" });

const allTexts = ({ texts, golds }: Generated): string[] => [...texts, ...golds.flat()];

const notLatin: Objection = (generated) =>
  shareOutsideAscii(allTexts(generated)) > mostUnread ? { undefined: "not_latin" } : noGold(generated);

const needsTokenizer: Objection = (generated) =>
  shareWithoutWords(allTexts(generated)) > mostUnread ? { undefined: "needs_tokenizer" } : noGold(generated);

/** A score per row: of the text that is right and fits best. */
const best = (score: (text: string, gold: string) => number, objection = noGold) =>
  once((rows): RowScores | Undefined => {
    const generated = generatedOf(rows);
    const { texts, golds } = generated;
    const scoreOf = (text: string, row: number): number => Math.max(...golds[row]!.map((gold) => score(text, gold)));
    return objection(generated) ?? { scores: Float64Array.from(texts, scoreOf), pairable: true };
  });

const exactScores = best((text, gold) => (isExactMatch(text, gold) ? 1 : 0));
/** Every text contains the empty one, so that counts only where nothing was to be said. */
const containsScores = best((text, gold) => ((gold === "" ? text === "" : text.includes(gold)) ? 1 : 0));
const f1Scores = best(tokenF1);
const rougeScores = (variant: Rouge) => best((text, gold) => rouge(variant, text, gold).f1, notLatin);

/** 1 where the text is JSON (RFC 8259) and nothing else: no fence, no word around it. */
const jsonScores = (rows: Rows): RowScores => ({
  scores: Float64Array.from(generatedOf(rows).texts, (text) => (isJson(text) ? 1 : 0)),
  pairable: true,
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** How a metric of a whole corpus is made: what each row adds, and the value of the sums. */
interface Corpus {
  width: number;
  objection: Objection;
  counts(generated: Generated, row: number): ArrayLike<number>;
  value(sums: Float64Array): Value;
}

/** A statistic of weighted sums of counts, so that a resample costs O(rows). */
const corpus = ({ width, objection, counts, value }: Corpus) =>
  once((rows): Statistic | Undefined => {
    const generated = generatedOf(rows);
    const objected = objection(generated);
    if (objected) return objected;
    const table = new Float64Array(width * generated.texts.length);
    for (const row of generated.texts.keys()) table.set(counts(generated, row), row * width);
    return (weights) => value(summed(table, width, weights));
  });

function summed(table: Float64Array, width: number, weights: Uint32Array): Float64Array {
  const sums = new Float64Array(width);
  for (let row = 0; row < weights.length; row++) {
    const weight = weights[row]!;
    if (weight > 0) for (let i = 0; i < width; i++) sums[i]! += weight * table[row * width + i]!;
  }
  return sums;
}

const bleu = corpus({
  width: bleuWidth,
  objection: needsTokenizer,
  counts: ({ texts, golds }, row) => bleuCounts(texts[row]!, golds[row]!),
  // The exponential of the mean logarithm of 100 is a little more than 100.
  value: (sums) => Math.min(100, bleuOf(sums).score),
});

const chrf = (wordOrder: WordOrder) =>
  corpus({
    width: chrfWidth(wordOrder),
    objection: noGold,
    counts: ({ texts, golds }, row) => chrfCounts(texts[row]!, golds[row]!, wordOrder),
    value: (sums) => Math.min(100, chrfOf(sums)),
  });

/** Edits to the text that is right and needs the fewest for its length; the first of several. */
function fewest(found: readonly Edits[]): Edits {
  const rate = ({ edits, units }: Edits): number => edits / Math.max(units, 1);
  return found.reduce((least, one) => (rate(one) < rate(least) ? one : least));
}

/** All edits by all units of the references: long rows weigh more, as is usual for transcripts. */
const errorRate = (editsOf: (text: string, gold: string) => Edits) =>
  corpus({
    width: 2,
    objection: noGold,
    counts: ({ texts, golds }, row) => {
      const { edits, units } = fewest(golds[row]!.map((gold) => editsOf(texts[row]!, gold)));
      return [edits, units];
    },
    value: ([edits = 0, units = 0]) => (units === 0 ? { undefined: "empty_reference" } : edits / units),
  });

const perplexity = corpus({
  width: 2,
  objection: ({ logprobs }) => {
    if (!logprobs) return { undefined: "no_logprobs" };
    return logprobs.some((row) => row.some((logprob) => logprob > 0)) ? { undefined: "not_logprob" } : null;
  },
  counts: ({ logprobs }, row) => [logprobs![row]!.reduce((sum, one) => sum + one, 0), logprobs![row]!.length],
  value: ([sum = 0, tokens = 0]) => (tokens === 0 ? { undefined: "no_tokens" } : perplexityOf(sum, tokens)),
});

type Line = Pick<RowMetric, "prepare" | "bound"> &
  Partial<Pick<RowMetric, "unit" | "direction" | "range" | "signature">>;
const metric = (line: Line): RowMetric => ({
  kind: "rows",
  tasks: ["generation"],
  args: {},
  counts: false,
  unit: "ratio",
  direction: "higher",
  range: [0, 1],
  ...line,
});
type Scores = (rows: Rows) => RowScores | Undefined;
const rate = (scores: Scores): RowMetric =>
  metric({ prepare: meanMetric(scores), bound: { kind: "binomial", scores } });
const mean = (scores: Scores): RowMetric => metric({ prepare: meanMetric(scores), bound: { kind: "mean", scores } });
const bootstrap: Bound = { kind: "bootstrap" };
const hundred = { unit: "score", range: [0, 100], bound: bootstrap } as const;
const errors = { direction: "lower", range: [0, Number.POSITIVE_INFINITY], bound: bootstrap } as const;

/** Metrics of texts. */
export const generationMetrics: Readonly<Record<string, RowMetric>> = {
  exact_match: rate(exactScores),
  contains: rate(containsScores),
  json_valid: rate(jsonScores),
  token_f1: mean(f1Scores),
  rouge1: mean(rougeScores("rouge1")),
  rouge2: mean(rougeScores("rouge2")),
  // A check names metrics in lower case.
  rougel: mean(rougeScores("rougeL")),
  // Signatures are sacrebleu's; `nrefs` varies with the rows.
  bleu: metric({
    ...hundred,
    prepare: bleu,
    signature: "nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
  }),
  chrf: metric({
    ...hundred,
    prepare: chrf(0),
    signature: "nrefs:var|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0",
  }),
  chrf_pp: metric({
    ...hundred,
    prepare: chrf(2),
    signature: "nrefs:var|case:mixed|eff:yes|nc:6|nw:2|space:no|version:2.6.0",
  }),
  wer: metric({ ...errors, prepare: errorRate(wordEdits) }),
  cer: metric({ ...errors, prepare: errorRate(characterEdits) }),
  perplexity: metric({
    unit: "score",
    direction: "lower",
    range: [1, Number.POSITIVE_INFINITY],
    prepare: perplexity,
    bound: bootstrap,
  }),
};
