import { describe, expect, test } from "vitest";
import { sha256 } from "../../../src/domain/digest.ts";
import { type Check, checkOf, type DecisionContext } from "../../../src/domain/gate/decide.ts";
import { selfTest } from "../../../src/domain/gate/self-test.ts";
import type { Observations } from "../../../src/domain/observations/observations.ts";

const rows = 1000;
const seeds = { candidate: sha256("candidate"), champion: null, data: sha256("data") };
const context: DecisionContext = { seeds, firstPromotion: "allow" };
const events = Array.from({ length: 400 }, (_, index) => {
  const intended = index * 20;
  return { intended, sent: intended, done: intended + 5, ok: true };
});
const load = { profile: "server", ratePerSecond: 50, events, inconclusive: null };
const common = {
  groups: null,
  champion: null,
  championState: "none",
  failedRows: 0,
  load,
  slices: { group: Array.from({ length: rows }, (_, index) => (index % 3 === 0 ? "a" : "b")) },
} as const;
const cycle = (of: number) => Float64Array.from({ length: rows }, (_, index) => index % of);
const multiclass: Observations = {
  ...common,
  task: "multiclass",
  classes: ["x", "y", "z"],
  truth: cycle(3),
  candidate: { task: "multiclass", labels: Int32Array.from(cycle(3)), probabilities: null },
};
const binary: Observations = {
  ...common,
  task: "binary",
  classes: ["no", "yes"],
  truth: cycle(2),
  candidate: { task: "binary", labels: Uint8Array.from(cycle(2)), scores: null },
};
const regression: Observations = {
  ...common,
  task: "regression",
  classes: [],
  truth: Float64Array.from({ length: rows }, (_, index) => 10 + (index % 50)),
  candidate: { task: "regression", values: new Float64Array(rows) },
};
const good: Observations = {
  ...multiclass,
  load: {
    ...load,
    goodput: { latency: 100, ttft: null, tpot: null },
    search: { slo: [], from: 10, to: 500, precision: 0.1, trials: [], maxRate: 200, reason: null },
  },
};
const advisory = (text: string): Check => ({ ...checkOf(text), severity: "advisory" });
const allowed = (text: string): Check => ({ ...checkOf(text), onInconclusive: "allow" });
const checks = (list: readonly (string | Check)[]): Check[] =>
  list.map((check) => (typeof check === "string" ? checkOf(check) : check));

describe("a sound policy has no hole", () => {
  test.each<[Observations, (string | Check)[]]>([
    [multiclass, ["accuracy >= 0.90", "accuracy >= champion - 1pp @95%", "accuracy >= 0.85 @90% by group [min 200]"]],
    [multiclass, ["accuracy >= 0.95", "latency.p99 <= 50ms @95%", "error_rate <= 0.1%"]],
    [multiclass, ["f1(average=macro) >= 0.8", "log_loss <= 0.5", "ece <= 0.1"]],
    [multiclass, ["accuracy >= 0.9", advisory("accuracy >= 0")]],
    [multiclass, ["accuracy >= champion"]],
    [multiclass, ["accuracy >= 0.5", "throughput >= 10rps"]],
    [multiclass, ["accuracy >= 0.9", "latency.p95 <= champion * 1.2 @95%", "throughput >= champion * 0.9 @95%"]],
    [
      good,
      ["accuracy >= 0.9", "ttft.p95 <= 400ms @95%", "tpot.p99 <= 1s", "itl.p50 <= 1s @95%", "goodput >= 10/s @95%"],
    ],
    [good, ["accuracy >= 0.9", "max_rate >= 100/s"]],
    [good, ["accuracy >= 0.9", "ttft.p95 <= champion * 1.2 @95%", "goodput >= champion * 0.9 @95%"]],
    [multiclass, ["accuracy >= 0.9", "error_rate <= champion + 1pp @95%", "latency.p50 <= champion + 20ms"]],
    [binary, ["accuracy >= 0.8", "recall(class=yes) >= 0.7", "precision(class=yes) >= 0.7"]],
    [binary, ["roc_auc >= 0.8 @95%"]],
    [regression, ["mae <= 5", "r2 >= 0.5"]],
    [regression, ["rmse <= champion + 10%"]],
    [regression, ["spearman >= 0.8", "mae <= 3"]],
  ])("%#", (observed, list) => {
    expect(selfTest(checks(list), observed, context)).toEqual([]);
  });
});

describe("a trap is found", () => {
  test.each<[string, Observations, (string | Check)[], (string | null)[]]>([
    ["a bound that chance reaches", multiclass, ["accuracy >= 0.3"], [null]],
    ["only latency", multiclass, ["latency.p99 <= 1s"], [null]],
    [
      "a margin as wide as the metric",
      multiclass,
      ["accuracy >= champion - 100pp"],
      ["accuracy >= champion - 100pp", null],
    ],
    ["a latency beyond the time limit", multiclass, ["accuracy >= 0.9", "latency.p99 <= 60s"], ["latency.p99 <= 60s"]],
    ["a first token that may take a minute", multiclass, ["accuracy >= 0.9", "ttft.p99 <= 60s"], ["ttft.p99 <= 60s"]],
    [
      "a ratio that nothing reaches",
      multiclass,
      ["accuracy >= 0.9", "latency.p95 <= champion * 100000 @95%"],
      ["latency.p95 <= champion * 100000 @95%"],
    ],
    ["all failures allowed", multiclass, ["accuracy >= 0.9", "error_rate <= 100%"], ["error_rate <= 100%"]],
    ["a metric that sees no difference", regression, ["spearman >= -1"], ["spearman >= -1", null]],
    ["recall alone", binary, ["recall(class=yes) >= 0.9"], [null]],
    [
      "a check that is left out when it matters",
      multiclass,
      ["latency.p99 <= 1s", allowed("accuracy >= 0.9 by group [min 100000]")],
      ["accuracy >= 0.9 by group [min 100000]", null],
    ],
  ])("%s", (_name, observed, list, holes) => {
    const found = selfTest(checks(list), observed, context);
    expect(found.map(({ check }) => check)).toEqual(holes);
    for (const { sentence } of found) expect(sentence).toMatch(/can never fail|let .* pass/);
  });
});

test("without rows or gates there is nothing to try", () => {
  expect(selfTest([], multiclass, context)).toEqual([]);
  expect(selfTest(checks(["accuracy >= 0.9"]), { ...multiclass, truth: new Float64Array(0) }, context)).toEqual([]);
});
