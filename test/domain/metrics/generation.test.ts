import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reasons } from "../../../src/domain/gate/result.ts";
import { generationMetrics } from "../../../src/domain/metrics/generation.ts";
import { compute, isUndefined, type RowMetric, type Rows, statisticOf } from "../../../src/domain/metrics/metric.ts";

type Row = readonly [text: string, ...golds: string[]];

/** Texts with those that are right, and log probabilities of tokens. */
function rowsOf(list: readonly Row[], logprobs: number[][] | null = null): Rows {
  return {
    truth: list.map(([, ...golds]) => golds),
    classes: [],
    groups: null,
    answers: {
      task: "generation",
      texts: list.map(([text]) => text),
      logprobs: logprobs && logprobs.map((row) => Float64Array.from(row)),
    },
  };
}

const named = (name: string): RowMetric => generationMetrics[name]!;
const valueOf = (name: string, ...list: Row[]) => compute(named(name), rowsOf(list));

test("rates count rows that fit any of the texts that are right", () => {
  expect(valueOf("exact_match", ["The cat!", "dog", "cat"], ["cats", "cat"])).toBe(0.5);
  expect(valueOf("contains", ["It is 42.", "forty", "42"], ["It is 42.", "43"], ["Cat", "cat"])).toBeCloseTo(1 / 3, 12);
});

test("an empty text that is right is not contained in everything", () => {
  expect(valueOf("contains", ["anything", ""], ["", ""])).toBe(0.5);
});

test("JSON is valid when the text is JSON and nothing else", () => {
  const texts = ['{"a": [1]}', " 1\n", "null", "", '```json\n{"a": 1}\n```', "{'a': 1}", "NaN", '{"a": 1,}'];
  const list = texts.map((text): Row => [text, "any"]);
  const scored = named("json_valid").bound;
  if (scored.kind !== "binomial") throw new Error("json_valid is a rate");
  expect(scored.scores(rowsOf(list), {})).toMatchObject({ scores: Float64Array.of(1, 1, 1, 0, 0, 0, 0, 0) });
});

test("means take the text that is right and fits best in each row", () => {
  expect(valueOf("token_f1", ["a b", "x", "b c"], ["x", "x"])).toBeCloseTo((2 / 3 + 1) / 2, 12);
  expect(valueOf("rouge1", ["a b", "x", "b c"], ["x", "x"])).toBeCloseTo((0.5 + 1) / 2, 12);
  expect(valueOf("rouge2", ["c a b", "a b c"])).toBe(0.5);
  expect(valueOf("rougel", ["c a b", "a b c"])).toBeCloseTo(2 / 3, 12);
});

test("BLEU and chrF are of the corpus, no mean of rows", () => {
  const [short, long]: [Row, Row] = [
    ["the cat sat", "the cat sat down here"],
    ["a b c d e f", "a b c d e f"],
  ];
  for (const name of ["bleu", "chrf", "chrf_pp"]) {
    const [one, other, both] = [valueOf(name, short), valueOf(name, long), valueOf(name, short, long)] as number[];
    expect(other).toBe(100);
    expect(both).toBeGreaterThan(0);
    expect(both).not.toBeCloseTo((one! + other!) / 2, 3);
  }
});

test("error rates are all edits by all units of the references", () => {
  expect(valueOf("wer", ["a x", "a b"], ["c", "c d e f"])).toBe(4 / 6);
  expect(valueOf("cer", ["ax", "ab"], ["c", "cdef"])).toBe(4 / 6);
  expect(valueOf("wer", ["a b c", "a"])).toBe(2);
});

test("of several references the one with the fewest edits for its length counts", () => {
  // 2 edits of 5 words rather than 1 of 2.
  expect(valueOf("wer", ["a b c", "a b", "a b c d e"])).toBe(0.4);
  expect(valueOf("wer", ["a b", "a b", "c"], ["x", "y"])).toBe(1 / 3);
});

test("words said where nothing was said are errors, too", () => {
  expect(valueOf("wer", ["a b", ""], ["c d", "c d"])).toBe(1);
});

test("perplexity is over all tokens, whichever row they are of", () => {
  const [half, eighth] = [Math.log(0.5), Math.log(0.125)];
  const rows = rowsOf([["x"], ["y"], [""]], [[half, half], [eighth], []]);
  expect(compute(named("perplexity"), rows)).toBeCloseTo(2 ** (5 / 3), 12);
});

describe("a value does not exist", () => {
  const latin: Row = ["a cat", "a dog"];
  const chinese: Row = ["模型是好的", "模型不好"];
  const russian: Row = ["модель", "модель"];
  test.each<[string, string, Rows, string]>([
    ["ROUGE of a script it does not read", "rougel", rowsOf([russian]), "not_latin"],
    ["BLEU of words without spaces between", "bleu", rowsOf([chinese]), "needs_tokenizer"],
    ["an error rate by nothing", "wer", rowsOf([["a", " \n"]]), "empty_reference"],
    ["an error rate of characters by nothing", "cer", rowsOf([["a", ""]]), "empty_reference"],
    ["perplexity that is not served", "perplexity", rowsOf([latin]), "no_logprobs"],
    ["perplexity of no token", "perplexity", rowsOf([latin], [[]]), "no_tokens"],
    ["perplexity of probabilities", "perplexity", rowsOf([latin], [[0.5]]), "not_logprob"],
    ...["exact_match", "contains", "token_f1", "rouge1", "bleu", "chrf", "wer"].map(
      (name): [string, string, Rows, string] => [
        `${name} of a row without gold`,
        name,
        rowsOf([latin, ["a"]]),
        "no_gold",
      ],
    ),
  ])("%s", (_, name, rows, reason) => {
    expect(compute(named(name), rows)).toEqual({ undefined: reason });
    expect(reasons[reason]).toBeDefined();
  });

  test("chrF, and BLEU of a script with spaces, read them", () => {
    expect(valueOf("chrf", chinese)).toBeGreaterThan(0);
    expect(valueOf("bleu", ["модель не очень хорошая", "модель не очень хорошая"])).toBe(100);
  });

  test("a fifth of the characters may be unread, no more", () => {
    expect(valueOf("rouge1", ["éabcd", "éabcd"])).toBe(1);
    expect(valueOf("rouge1", ["éabc", "éabcd"])).toEqual({ undefined: "not_latin" });
    expect(valueOf("bleu", ["a b 模", "a b 模"])).toBe(0);
    expect(valueOf("bleu", ["abc模", "abc模"])).toEqual({ undefined: "needs_tokenizer" });
  });
});

test("a resample sums the counts of rows as often as each was drawn", () => {
  const word = fc.constantFrom("a", "b", "c d", "the cat sat on it", "é");
  const text = fc.array(word, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(" "));
  const drawn = fc.array(fc.tuple(text, text, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(drawn, fc.constantFrom("bleu", "chrf", "chrf_pp", "wer", "cer"), (list, name) => {
      const rows = list.map(([own, gold]): Row => [own, gold]);
      const again = list.flatMap(([own, gold, times]) => Array.from({ length: times }, (): Row => [own, gold]));
      fc.pre(again.length > 0);
      const statistic = statisticOf(named(name), rowsOf(rows), {});
      if (isUndefined(statistic)) throw new Error(statistic.undefined);
      const weights = Uint32Array.from(list, ([, , times]) => times);
      expect(statistic(weights)).toBeCloseTo(Number(valueOf(name, ...again)), 9);
    }),
  );
});

test("other answers to the same questions, and the same answers to others, are measured anew", () => {
  const metric = named("exact_match");
  const rows = rowsOf([["a cat", "cat"]]);
  expect(compute(metric, rows)).toBe(1);
  expect(compute(metric, { ...rows, truth: [["dog"]] })).toBe(0);
  expect(compute(metric, { ...rows, answers: rowsOf([["dog", "cat"]]).answers })).toBe(0);
  expect(compute(metric, rows)).toBe(1);
});

test("a metric of texts does not exist for another task", () => {
  const answers = { task: "regression", values: Float64Array.of(1) } as const;
  const rows: Rows = { truth: Float64Array.of(1), classes: [], groups: null, answers };
  expect(compute(named("wer"), rows)).toEqual({ undefined: "wrong_task" });
  expect(() => named("wer").prepare(rows, {})).toThrow(TypeError);
});
