import { describe, expect, test } from "vitest";
import { checkProblems } from "../../../src/domain/gate/check.ts";
import { checkOf } from "../../../src/domain/gate/decide.ts";
import type { Setting } from "../../../src/domain/gate/setting.ts";

const binary: Setting = {
  task: "binary",
  classes: ["ok", "fraud"],
  sliceColumns: ["country"],
  load: { closed: false, takesTurns: true, goodput: false, search: false, requests: 300 },
  rows: 200,
};
const everything = { closed: false, takesTurns: true, goodput: true, search: true };
const regression: Setting = { task: "regression", classes: [], sliceColumns: [], load: null };

describe("what is wrong is named at its column", () => {
  test.each<[string, number, RegExp, RegExp, Setting?]>([
    ["acuracy >= 0.9", 1, /no metric "acuracy"/, /did you mean "accuracy"/],
    ["constructor >= 0.9", 1, /no metric/, /allowed: accuracy/],
    ["mae <= 3", 1, /not exist for binary/, /allowed: accuracy/],
    ["accuracy <= champion", 10, /higher is better/, />= or >/],
    ["log_loss > 0.5", 10, /lower is better/, /<= or </],
    ["accuracy >= 90", 13, /no model can pass/, /90%/],
    ["accuracy > 1", 12, /no model can pass/, /can be held/],
    ["accuracy >= 0", 13, /no model can fail/, /can be missed/],
    ["error_rate <= 100%", 15, /no model can fail/, /can be missed/],
    ["accuracy >= 100% @95%", 13, /no number of rows/, /leave room/],
    ["recall(class=fruad) >= 0.8", 14, /"fruad" is no class/, /did you mean "fraud"/],
    ["recall(clas=fraud) >= 0.8", 13, /no argument "clas"/, /did you mean "class"/],
    ["mcc(class=fraud) >= 0.8", 11, /no argument "class"/, /allowed: threshold/],
    ["throughput(k=1) >= 10", 14, /no argument "k"/, /throughput alone/],
    ["recall(class=ok, average=macro) > 0.5", 1, /one class and as an average/, /not both/],
    ["accuracy(threshold=2) >= 0.4", 20, /no threshold/, /between 0 and 1/],
    ["ece(bins=0) <= 0.1", 10, /no bins/, /whole number from 1/],
    ["fbeta >= 0.5", 1, /needs b/, /a number above 0/],
    ["latency <= 5ms", 1, /needs a statistic/, /latency\.p99/],
    ["latency.p99 <= 5", 16, /needs a unit/, /5ms or 0\.005s/],
    ["latency.mean <= 5ms @95%", 21, /no bound can be made for latency\.mean/, /leave @ away/],
    [
      "latency.p99 <= champion + 5%",
      16,
      /cannot be put on two models in turn/,
      /server, constant or stream/,
      { ...binary, load: { closed: false, takesTurns: false, goodput: false, search: false } },
    ],
    ["max_rate >= champion", 13, /candidate alone/, /a number/, { ...binary, load: everything }],
    ["max_rate >= 100/s @95%", 19, /no bound can be made/, /leave @ away/, { ...binary, load: everything }],
    ["error_rate <= champion * 1.1", 15, /by its difference/, /champion \+ 1pp/],
    ["latency.p99 <= champion + 5", 16, /needs a unit/, /write 5ms/],
    ["accuracy >= champion - 5ms", 13, /not a time/, /leave the unit away/],
    ["accuracy.p99 >= 0.9", 9, /has no \.p99/, /accuracy alone/],
    ["accuracy >= 5ms", 13, /not a time/, /leave the unit away/],
    ["accuracy >= 0.5rps", 13, /not a rate/, /leave the unit away/],
    ["log_loss <= 5%", 13, /in nats/, /leave the % away/],
    ["log_loss <= champion + 1pp", 13, /in nats/, /metric's unit/],
    ["accuracy >= baseline", 13, /nothing is observed for "baseline"/, /evaluate\.baseline/],
    ["accuracy >= 0.9 by contry", 17, /"contry" is not a slice column/, /did you mean "country"/],
    ["throughput >= 10rps by country", 21, /has no slices/, /leave by away/],
    ["accuracy >= 0.99 @95%", 18, /even without one error, 200 rows show no better than 98\.51 %/, /at least 299 rows/],
    ["accuracy >= 0.9 @95% [min 300]", 1, /needs 300 rows, the data set has 200/, /lower \[min\]/],
    ["latency.p99 <= 50ms @99%", 21, /needs 459 requests, the load run has 300/, /raise load.rate/],
    ["latency.p99.9 <= 50ms @95%", 23, /never pass.*needs 2,995 requests/, /load.duration/],
    ["error_rate <= 0.5% @95%", 20, /needs 598 requests/, /ask less confidence/],
    ["throughput >= 38rps @95% [min 400]", 1, /never be judged: it needs 400 requests/, /raise load.rate/],
    ["mae <= 3 by site", 10, /not a slice column/, /no slice columns are configured/, regression],
    ["max_error <= 3 @95%", 16, /no bound/, /leave @ away/, regression],
    ["ece <= 0.05 @95%", 13, /no bound/, /leave @ away, or use brier or log_loss/],
    ["error_rate <= 1%", 1, /needs a load run/, /configure load/, regression],
    [
      "latency.p99 <= 50ms",
      1,
      /closed loop is service time/,
      /load\.allow-closed: true/,
      { ...binary, load: { closed: true, takesTurns: true, goodput: false, search: false } },
    ],
    ["accuracy >= 0.9", 1, /not exist for regression/, /allowed: mae/, regression],
  ])("%s", (text, column, message, hint, setting = binary) => {
    expect(checkProblems(checkOf(text), setting)).toEqual([
      { column, message: expect.stringMatching(message), hint: expect.stringMatching(hint) },
    ]);
  });
});

test("several problems come at once", () => {
  expect(checkProblems(checkOf("recall(clas=ok) <= baseline @95% by site"), binary)).toHaveLength(4);
});

test.each([
  "accuracy >= 0.90",
  "accuracy >= champion - 1pp @95%",
  "recall(class=fraud) >= 0.80 @90% by country [min 30]",
  "precision(average=macro, threshold=0.3) >= champion * 0.98",
  "roc_auc >= champion - 0.01 @95%",
  "ece <= 0.05",
  "log_loss < champion @95%",
  "latency.p99 <= 250ms @95%",
  "latency.p99.9 <= 1.5s",
  "error_rate <= 0.1%",
  "throughput >= 38rps @95%",
  "latency.p99 <= champion * 1.2 @95%",
  "latency.p95 <= champion + 20ms @95%",
  "error_rate <= champion + 1pp @95%",
  "mcc >= 0",
])("%s has no problem", (text) => {
  expect(checkProblems(checkOf(text), { ...binary, rows: 2000 })).toEqual([]);
});

test("what a load measures may be asked for", () => {
  const setting = { ...binary, load: everything };
  for (const text of ["max_rate >= 100/s", "goodput >= 30/s @95%", "ttft.p95 <= 400ms @95%", "itl.p99.9 <= 1s @99%"])
    expect(checkProblems(checkOf(text), setting)).toEqual([]);
});

test("how many a closed loop sends is not known beforehand, and its throughput may be judged", () => {
  const setting = { ...binary, load: { closed: true, takesTurns: true, goodput: false, search: false } };
  expect(checkProblems(checkOf("throughput >= 38rps @95% [min 400]"), setting)).toEqual([]);
});

test("a bias may be held from both sides", () => {
  const setting = { ...regression, rows: 100 };
  expect(["bias >= -0.5", "bias <= 0.5 @95%"].flatMap((text) => checkProblems(checkOf(text), setting))).toEqual([]);
});
