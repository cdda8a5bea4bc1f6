import { expect, test } from "vitest";
import { checkOf, decide } from "../../../src/domain/gate/decide.ts";
import type { Observations } from "../../../src/domain/observations/observations.ts";
import { context, load, rightOrNot } from "./observed.ts";

/** 400 rows: 5 only the candidate has right, 8 only the champion, 25 neither. */
const close = rightOrNot(
  Array.from({ length: 400 }, (_, row) => row >= 25 && (row < 30 || row >= 38)),
  Array.from({ length: 400 }, (_, row) => row >= 30),
);
const slow = (requests: number, over: number): Observations => ({
  ...close,
  load: load(
    Array.from({ length: requests }, (_, i) =>
      i % Math.ceil(requests / Math.max(over, 1)) === 0 && over > 0 ? 400 : 20,
    ),
  ),
});
const errors: Observations = {
  ...close,
  task: "regression",
  classes: [],
  truth: new Float64Array(200),
  candidate: { task: "regression", values: Float64Array.from({ length: 200 }, (_, row) => (row % 20) / 10) },
  champion: { task: "regression", values: Float64Array.from({ length: 200 }, (_, row) => ((row * 7) % 20) / 10) },
};

test.each<[string, Observations, string]>([
  ["accuracy >= 0.9", close, "n = 400: accuracy 91.8 %; asked: at least 90.0 %."],
  ["accuracy >= 0.91751", close, "n = 400: accuracy 91.750 %; asked: at least 91.751 %."],
  [
    "accuracy >= 0.9 @95%",
    close,
    "n = 400: accuracy 91.8 %, 95 % lower bound 89.1 %. If the truth is as seen, about 1,774 rows (80 % power) would show that it holds.",
  ],
  ["accuracy >= 0.95 @95%", close, "n = 400: accuracy 91.8 %, 95 % upper bound 93.9 %; asked: at least 95.0 %."],
  [
    "accuracy >= champion - 1pp @95%",
    close,
    "n = 400: difference -0.8 pp, 95 % lower bound -2.4 pp. To show no more than 1 pp loss at the seen discordance (3.3 %) needs about 2,010 rows (80 % power).",
  ],
  [
    "accuracy > champion @95%",
    close,
    "n = 400: difference -0.8 pp, 95 % lower bound -2.4 pp. If the truth is as seen, about 3,573 rows (80 % power) would show that it does not hold.",
  ],
  [
    "accuracy >= champion - 10pp @95%",
    close,
    "n = 400: difference -0.8 pp, 95 % lower bound -2.4 pp; asked: at least -10.0 pp.",
  ],
  [
    "accuracy >= champion - 0.75pp @95%",
    close,
    "n = 400: difference -0.8 pp, 95 % lower bound -2.4 pp. The estimate lies so near the bound that no number of rows can be given that would settle it.",
  ],
  [
    "accuracy >= champion * 0.98 @95%",
    close,
    "n = 400: difference to 0.98 x champion +1.1 pp, 95 % lower bound -0.4 pp. To show no more than 1.85 pp loss at the seen spread needs about 582 rows (80 % power).",
  ],
  [
    "accuracy >= 0.9 @95% [min 500]",
    close,
    "n = 400: accuracy 91.8 %, 95 % lower bound 89.1 %; too few rows count for a judgement: at least 500 must count.",
  ],
  ["recall(class=yes) > 0.5", close, "n = 200: recall(class=yes) 92.0 %; asked: more than 50.0 %."],
  ["mae <= 1.1", errors, "n = 200: mae 0.950; asked: at most 1.10."],
  ["mae < champion", errors, "n = 200: difference 0.00; asked: less than 0.00."],
  [
    "latency.p99 <= 50ms @95%",
    slow(400, 0),
    "n = 400: latency.p99 20.0 ms, 95 % upper bound 20.0 ms; asked: at most 50.0 ms.",
  ],
  [
    "latency.p99 <= 50ms @95%",
    slow(200, 0),
    "n = 200: latency.p99 20.0 ms, no 95 % upper bound from so few. If the truth is as seen, about 299 requests (80 % power) would show that it holds.",
  ],
  [
    "latency.p95 <= 50ms @95%",
    slow(400, 80),
    "n = 400: latency.p95 400 ms, 95 % lower bound 400 ms; asked: at most 50.0 ms.",
  ],
  [
    "error_rate <= 1% @95%",
    slow(200, 0),
    "n = 200: error_rate 0.0 %, 95 % upper bound 1.5 %. If the truth is as seen, about 299 requests (80 % power) would show that it holds.",
  ],
])("%s", (text, observed, sentence) => {
  expect(decide(checkOf(text), observed, context).sentence).toBe(sentence);
});

test("the rows that would settle an inconclusive check are a number too", () => {
  expect(decide(checkOf("accuracy >= champion - 1pp @95%"), close, context).needsN).toBe(2010);
});
