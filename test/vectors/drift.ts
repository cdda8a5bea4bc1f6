import { categoricalDrift } from "../../src/domain/drift/categorical.ts";
import { numericDrift } from "../../src/domain/drift/numeric.ts";
import { jensenShannon, psiWithFloor } from "../../src/domain/drift/shares.ts";
import { isUndefined } from "../../src/domain/metrics/metric.ts";
import { chiSquared, fisherExact, type TwoByTwo, yates } from "../../src/domain/statistics/contingency.ts";
import { logEValue, shiryaevRoberts } from "../../src/domain/statistics/sequential.ts";
import {
  hodgesLehmann,
  kolmogorovSmirnov,
  mannWhitney,
  wasserstein,
  welch,
} from "../../src/domain/statistics/two-sample.ts";
import type { Runner } from "./compare.ts";

function twoSample(input: { x: number[]; y: number[] }) {
  const [x, y] = [Float64Array.from(input.x), Float64Array.from(input.y)];
  const ks = kolmogorovSmirnov(x, y);
  const ranks = mannWhitney(x, y);
  const { t, df, p } = welch(x, y);
  return {
    ks_D: ks.distance,
    ks_p_exact: ks.exactP(),
    ks_p_limit: ks.limitP,
    mwu_U: ranks.u,
    mwu_p: ranks.p,
    mwu_p_exact: ranks.exactP,
    cles: ranks.effect,
    hodges_lehmann: hodgesLehmann(x, y),
    welch_t: t,
    welch_df: df,
    welch_p: p,
    wasserstein: wasserstein(x, y),
  };
}

/** Whether a table has two columns. */
const isTwoByTwo = (table: [number[], number[]]): boolean => table[0].length === 2;

function contingency({ table }: { table: [number[], number[]] }) {
  const { cramersV, minExpected, ...test } = chiSquared(table);
  const found = { ...test, cramers_v: cramersV, min_expected: minExpected };
  if (!isTwoByTwo(table)) return found;
  const fourfold = table as unknown as TwoByTwo;
  const corrected = yates(fourfold);
  return { ...found, chi2_yates: corrected.chi2, p_yates: corrected.p, fisher_p: fisherExact(fourfold) };
}

type Sequential =
  | { kind: "e_value"; successes: number; failures: number; p0: number }
  | { kind: "shiryaev_roberts"; x: number[]; p0: number; q: number };

function sequential(input: Sequential) {
  if (input.kind === "e_value") return { log_e: logEValue(input) };
  let m = 0;
  return { M: input.x.map((x) => (m = shiryaevRoberts(m, x === 1, { good: input.p0, bad: input.q }))) };
}

function driftNumeric(input: { reference: number[]; current: number[] }) {
  const found = numericDrift(Float64Array.from(input.reference), Float64Array.from(input.current));
  if (isUndefined(found)) return found;
  return {
    edges: [...found.edges],
    ref_counts: [...found.referenceCounts],
    cur_counts: [...found.currentCounts],
    psi: found.psi,
    psi_critical_0_001: found.psiCritical,
    js_distance: found.jensenShannon,
    hellinger: found.hellinger,
    linf: found.lInfinity,
    tvd: found.totalVariation,
    wasserstein: found.wasserstein,
    wasserstein_norm: found.wassersteinNormalised,
    ks_D: found.ks.distance,
  };
}

function driftCategorical({ ref_counts, cur_counts }: { ref_counts: number[]; cur_counts: number[] }) {
  const counts = { reference: ref_counts, current: cur_counts };
  const found = categoricalDrift(counts);
  if (isUndefined(found)) return found;
  return {
    psi: found.psi,
    psi_epsilon: psiWithFloor(counts),
    js_distance: found.jensenShannon,
    js_distance_nat: jensenShannon(counts),
    hellinger: found.hellinger,
    linf: found.lInfinity,
    tvd: found.totalVariation,
    chi2: found.chi2,
    chi2_p: found.chi2P,
    unseen_share: found.unseenShare,
  };
}

export const driftRunners: Readonly<Record<string, Runner>> = {
  two_sample: twoSample,
  contingency,
  sequential,
  drift_numeric: driftNumeric,
  drift_categorical: driftCategorical,
};
