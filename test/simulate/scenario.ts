import { sha256 } from "../../src/domain/digest.ts";
import { checkOf, type DecisionContext, decide } from "../../src/domain/gate/decide.ts";
import type { CheckResult } from "../../src/domain/gate/result.ts";
import { xoshiro } from "../../src/domain/statistics/prng.ts";
import { binomialCdf } from "../../src/domain/statistics/special.ts";
import type { World } from "./worlds.ts";

/** A check in a world. */
export interface Scenario {
  check: string;
  world: World;
  /** Rows or requests. */
  n: number;
  /** The method that must judge it: a scenario judged by another one would show nothing. */
  method: string;
  /** What is known to be exceeded here, and printed so: the most that a method errs at the least size it accepts. */
  level?: number;
  /** What the check does not say about the world. */
  note?: string;
  /** Share of the runs asked for that is made, for what takes long. */
  part?: number;
}

/** One line of the table. */
export interface Line {
  what: string;
  method: string;
  n: number;
  runs: number;
  nominal: number;
  /** What is known to be reached instead of the nominal level; null where the nominal level holds. */
  known: number | null;
  measured: number;
  allowed: number;
  ok: boolean;
}

/** Other digests for every run, so that each has its own resamples. */
const contextOf = (run: number): DecisionContext => ({
  seeds: { candidate: sha256(`candidate ${run}`), champion: sha256("champion"), data: sha256("data") },
  firstPromotion: "allow",
});

/** Judges as many draws of a world by the shipped gate. */
export function judged({ check, world, n }: Scenario, runs: number, seed: string): CheckResult[] {
  const asked = checkOf(check);
  return Array.from({ length: runs }, (_, run) =>
    decide(asked, world(xoshiro(`${seed}|${check}|${n}|${run}`), n), contextOf(run)),
  );
}

/** Chance to call a method that holds its level exactly wrong, in one line of the table. */
const noise = 0.001;

/** Most of `runs` that happen by chance alone when each has the chance `p`. */
export function mostByChance(runs: number, p: number): number {
  let [low, high] = [0, runs];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (binomialCdf(middle, runs, p) >= 1 - noise) high = middle;
    else low = middle + 1;
  }
  return low;
}

type Told = Pick<Line, "what" | "method" | "n" | "runs"> & Partial<Pick<Line, "nominal" | "known">>;

/** A share that may not be above a level by more than chance. */
export function atMost(level: number, seen: number, line: Told): Line {
  const most = mostByChance(line.runs, level);
  return {
    nominal: level,
    known: null,
    ...line,
    measured: seen / line.runs,
    allowed: most / line.runs,
    ok: seen <= most,
  };
}

/** A share that may not be under a level by more than chance. */
export function atLeast(level: number, seen: number, line: Told): Line {
  const least = line.runs - mostByChance(line.runs, 1 - level);
  return {
    nominal: level,
    known: null,
    ...line,
    measured: seen / line.runs,
    allowed: least / line.runs,
    ok: seen >= least,
  };
}

/** @throws Error when a result comes from another method than the scenario is about. */
export function sameMethod({ check, method }: Scenario, results: readonly CheckResult[]): void {
  const other = results.find((result) => result.method !== method);
  if (other) throw new Error(`${check} was judged by ${other.method} (${other.reason}), not by ${method}`);
}
