import type { CheckResult } from "../../src/domain/gate/result.ts";
import { shiftOf, written } from "./populations.ts";
import { atLeast, judged, type Line, type Scenario, sameMethod } from "./scenario.ts";
import * as worlds from "./worlds.ts";

/** A world whose truth lies on the good side of the bound by `distance`, looked at with too few rows. */
interface Promising extends Scenario {
  /** What the contrast is in truth. */
  truth: number;
}

export const promising: readonly Promising[] = [
  {
    check: "accuracy >= 0.9 @95%",
    truth: 0.93,
    n: 200,
    world: worlds.discordant(0.03, 0.03, 0.04),
    method: "clopper-pearson",
  },
  {
    check: "recall >= 0.8 @90%",
    truth: 0.85,
    n: 400,
    world: worlds.counted({ hit: 0.255, alarm: 0.02, miss: 0.045 }),
    method: "clopper-pearson",
  },
  {
    check: "accuracy >= champion - 1pp @95%",
    truth: 0,
    n: 1000,
    world: worlds.discordant(0.03, 0.03),
    method: "tango",
  },
  { check: "accuracy >= champion - 3pp @95%", truth: 0, n: 150, world: worlds.discordant(0.03, 0.03), method: "tango" },
  {
    check: `mae <= ${written(0.9)} @95%`,
    truth: Math.sqrt(2 / Math.PI),
    n: 80,
    world: worlds.missed(3, 1),
    method: "t",
  },
  { check: `mae <= champion + 0.1 @95%`, truth: 0, n: 150, world: worlds.missed(3, 1, 1), method: "t" },
  {
    check: "roc_auc >= 0.85 @95%",
    truth: 0.9,
    n: 120,
    world: worlds.scored(0.4, shiftOf(0.9)),
    method: "delong-logit-t",
  },
  {
    check: "roc_auc >= champion - 0.03 @95%",
    truth: 0,
    n: 200,
    world: worlds.scored(0.4, shiftOf(0.9), shiftOf(0.9)),
    method: "delong",
  },
  {
    check: "f1 >= 0.75 @95%",
    truth: 0.8,
    n: 300,
    world: worlds.counted({ hit: 0.16, alarm: 0.04, miss: 0.04 }),
    method: "bootstrap-bca",
    part: 0.25,
  },
  { check: "rmse <= 1.1 @95%", truth: 1, n: 80, world: worlds.missed(3, 1), method: "bootstrap-bca", part: 0.25 },
  {
    check: "error_rate <= 1% @95%",
    truth: 0.004,
    n: 400,
    world: worlds.requests({ median: 10, memory: 0, failing: 0.004 }),
    method: "clopper-pearson",
  },
  {
    check: "latency.p95 <= 60ms @95%",
    truth: 10 * Math.exp(1.6448536),
    n: 400,
    world: worlds.requests({ median: 10, memory: 0 }),
    method: "binomial",
  },
];

/**
 * Looks with too few rows until a run is inconclusive and its estimate is close to the truth: the number it prints rests
 * on the estimate, so that of a lucky run would say nothing about the formula.
 */
function printed(scenario: Promising): number {
  const far = ({ estimate }: CheckResult) => Math.abs(estimate! - scenario.truth);
  const pilots = judged(scenario, 200, "pilot").filter(({ needsN }) => needsN !== null);
  const typical = pilots
    .toSorted((a, b) => far(a) - far(b))
    .slice(0, 9)
    .map(({ needsN }) => needsN!);
  return typical.toSorted((a, b) => a - b)[Math.floor(typical.length / 2)]!;
}

/** Rows of the data set for as many rows that count: recall counts the rows of one class only. */
function rowsFor(scenario: Promising, counting: number): number {
  const [first] = judged(scenario, 1, "pilot");
  return Math.ceil(counting * (scenario.n / first!.n!));
}

/** How often a check is passed at the number of rows it printed when it was inconclusive: at least 80 %. */
export function passedAtPrinted(scenario: Promising, runs: number): Line {
  const { check, method } = scenario;
  const n = rowsFor(scenario, printed(scenario));
  const results = judged({ ...scenario, n }, runs, "power");
  sameMethod(scenario, results);
  const passed = results.filter(({ status }) => status === "pass").length;
  return atLeast(0.8, passed, { what: `passed at needs_n: ${check}`, method, n, runs });
}

export const power = (runs: number): Line[] =>
  promising.map((scenario) => passedAtPrinted(scenario, Math.ceil(runs * (scenario.part ?? 1))));
