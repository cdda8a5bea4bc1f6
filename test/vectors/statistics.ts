import { betaTails } from "../../src/domain/statistics/beta.ts";
import { bca, interpolated, leaveOneOut, resample, type Statistic } from "../../src/domain/statistics/bootstrap.ts";
import { lgamma } from "../../src/domain/statistics/gamma.ts";
import {
  clopperPearson,
  clopperPearsonLower,
  clopperPearsonUpper,
  clusteredError,
  meanInterval,
  meanLower,
  meanUpper,
  quantileRanks,
  standardError,
  variance,
  wilson,
} from "../../src/domain/statistics/intervals.ts";
import {
  designEffect,
  leastUnder,
  loadSummary,
  percentile,
  streamNumbers,
} from "../../src/domain/statistics/load-numbers.ts";
import { benjaminiHochberg, bonferroni, holm } from "../../src/domain/statistics/multiplicity.ts";
import { delongPaired, logitBounds } from "../../src/domain/statistics/paired-auc.ts";
import {
  mcnemar,
  pairedWald,
  tangoBounds,
  tangoLower,
  tangoUpper,
  tangoZ,
} from "../../src/domain/statistics/paired-binary.ts";
import { pairedT, signedRank, signFlip } from "../../src/domain/statistics/paired-mean.ts";
import {
  halfWidthRows,
  noninferiorMeanRows,
  noninferiorRows,
  rowsAboveFloor,
} from "../../src/domain/statistics/power.ts";
import { seededState, xoshiro } from "../../src/domain/statistics/prng.ts";
import {
  betaQuantile,
  binomialCdf,
  chi2Quantile,
  chi2Survival,
  kolmogorovSurvival,
  normalCdf,
  normalQuantile,
  normalSurvival,
  tCdf,
  tQuantile,
} from "../../src/domain/statistics/special.ts";
import { closeness, type Nested } from "../../src/domain/statistics/tolerance.ts";
import type { Runner } from "./compare.ts";

/** The function of a record that a case names; a name without one is a difference, not a skipped case. */
function named<T>(record: Readonly<Record<string, T>>, name: string): T {
  if (!Object.hasOwn(record, name)) throw new Error(`no runner for ${name}`);
  return record[name]!;
}

const functions: Record<string, (...args: [number, number, number]) => number> = {
  normal_cdf: normalCdf,
  normal_sf: normalSurvival,
  normal_quantile: normalQuantile,
  t_cdf: tCdf,
  t_quantile: tQuantile,
  chi2_sf: chi2Survival,
  chi2_quantile: chi2Quantile,
  betainc: (a, b, x) => betaTails(a, b, x).lower,
  beta_quantile: betaQuantile,
  binomial_cdf: binomialCdf,
  lgamma,
  kolmogorov_sf: kolmogorovSurvival,
};

const special = ({ fn, args }: { fn: string; args: [number, number, number] }) => named(functions, fn)(...args);

const intervals: Record<string, Runner> = {
  proportion: ({ k, n, confidence }: { k: number; n: number; confidence: number }) => ({
    wilson: wilson(k, n, confidence),
    clopper_pearson: clopperPearson(k, n, confidence),
    clopper_pearson_one_sided: [clopperPearsonLower(k, n, confidence), clopperPearsonUpper(k, n, confidence)],
  }),
  mean: ({ x, confidence, clusters }: { x: number[]; confidence: number; clusters: number[] }) => {
    const values = Float64Array.from(x);
    return {
      t: meanInterval(values, confidence),
      t_one_sided: [meanLower(values, confidence), meanUpper(values, confidence)],
      se: standardError(values),
      clustered_se: clusteredError(values, clusters),
    };
  },
  quantile_rank: ({ n, p, confidence }: { n: number; p: number; confidence: number }) => {
    const { lower, upper } = quantileRanks(n, p, confidence);
    return { lower_rank: lower, upper_rank: upper };
  },
};

function pairedBinary(input: { only_candidate_right: number; only_champion_right: number; n: number }) {
  const { only_candidate_right: b, only_champion_right: c, n } = input;
  const tests = mcnemar(b, c);
  return {
    exact: tests.exact,
    midp: tests.midP,
    chi2: tests.chi2,
    chi2_p: tests.chi2P,
    chi2cc: tests.corrected,
    chi2cc_p: tests.correctedP,
    exact_greater: tests.exactGreater,
    midp_greater: tests.midPGreater,
    difference: (b - c) / n,
    tango95: tangoBounds(b, c, n, 0.95),
    tango95_one_sided: [tangoLower(b, c, n, 0.95), tangoUpper(b, c, n, 0.95)],
    wald95: pairedWald(b, c, n, 0.95),
    tango_z_at_minus_0_01: tangoZ(b, c, n, -0.01),
    p_noninferior_0_01: normalSurvival(tangoZ(b, c, n, -0.01)),
  };
}

function pairedAuc({ y_true, score_a, score_b }: { y_true: number[]; score_a: number[]; score_b: number[] }) {
  const found = delongPaired(y_true, Float64Array.from(score_a), Float64Array.from(score_b));
  const z = found.difference === 0 ? 0 : found.difference / Math.sqrt(found.variance);
  const own = { auc: found.auc[0], variance: found.variances[0] };
  const positives = y_true.filter((label) => label === 1).length;
  const df = Math.min(positives, y_true.length - positives) - 1;
  return {
    auc_a: found.auc[0],
    auc_b: found.auc[1],
    var_a: found.variances[0],
    var_b: found.variances[1],
    cov: found.covariance,
    diff_var: found.variance,
    z,
    p_two_sided: 2 * normalSurvival(Math.abs(z)),
    p_a_greater: normalSurvival(z),
    logit95_a: logitBounds(own, normalQuantile(0.975)),
    logit_t_one_sided95_a: logitBounds(own, tQuantile(0.95, df)),
  };
}

function pairedMean({ a, b, seed, B }: { a: number[]; b: number[]; seed: string; B: number }) {
  const differences = Float64Array.from(a, (value, i) => value - b[i]!);
  const { mean, t, p, interval } = pairedT(differences, 0.95);
  return {
    mean_diff: mean,
    t,
    p_two_sided: p,
    ci95: interval,
    signflip_p_greater: signFlip(differences, { draws: B, seed }),
    wilcoxon_approx_p: signedRank(differences),
  };
}

function prng(seed: string) {
  const draw = <T>(count: number, take: (generator: ReturnType<typeof xoshiro>) => T): T[] => {
    const generator = xoshiro(seed);
    return Array.from({ length: count }, () => take(generator));
  };
  return {
    state: seededState(seed),
    u32: draw(8, ({ u32 }) => u32()),
    below10: draw(12, ({ below }) => below(10)),
    f64: draw(6, ({ f64 }) => f64()),
    below3000000019: draw(6, ({ below }) => below(3_000_000_019)),
    shuffle12: xoshiro(seed).shuffle(Array.from({ length: 12 }, (_, i) => i)),
    exp_rate25: draw(5, ({ exp }) => exp(25)),
  };
}

/** F1 of label 1 over some rows; 0 when there is nothing to find and nothing was found. */
function f1(truth: readonly number[], predicted: readonly number[], indices: Int32Array | null): number {
  let [hits, either] = [0, 0];
  const rows = indices ?? truth.keys();
  for (const row of rows) {
    hits += truth[row]! * predicted[row]!;
    either += truth[row]! + predicted[row]!;
  }
  return either === 0 ? 0 : (2 * hits) / either;
}

interface Bootstrapped {
  y_true: number[];
  pred_a: number[];
  pred_b: number[];
  seed: string;
  B: number;
}

interface BcaParts {
  theta: number;
  replicates: number[];
  jackknife: number[];
}

function bootstrap(input: Bootstrapped | BcaParts) {
  if ("theta" in input) {
    const replicates = Float64Array.from(input.replicates);
    const jackknife = Float64Array.from(input.jackknife);
    const found = bca({ theta: input.theta, replicates, jackknife }, 0.975);
    const sorted = replicates.toSorted();
    return {
      bca95: [found.lower, found.upper],
      z0: found.z0,
      accel: found.acceleration,
      percentile95: [interpolated(sorted, 0.025), interpolated(sorted, 0.975)],
    };
  }
  const { y_true, pred_a, pred_b, seed, B } = input;
  const n = y_true.length;
  const statistic: Statistic = (indices) => f1(y_true, pred_a, indices) - f1(y_true, pred_b, indices);
  const replicates = resample({ n, replicates: B, seed, statistic });
  const sorted = replicates.toSorted();
  const theta = statistic(null);
  const found = bca({ theta, replicates, jackknife: leaveOneOut(n, statistic) }, 0.95);
  return {
    theta,
    first_replicates: [...replicates.subarray(0, 5)],
    se: Math.sqrt(variance(replicates)),
    percentile90: [interpolated(sorted, 0.05), interpolated(sorted, 0.95)],
    bca90: [found.lower, found.upper],
    bca95_one_sided: [found.lower, found.upper],
    z0: found.z0,
    accel: found.acceleration,
  };
}

const power: Record<string, Runner> = {
  noninferior_binary: (input: Record<"discordant" | "true_diff" | "margin" | "alpha" | "power", number>) => ({
    n: noninferiorRows({ ...input, trueDifference: input.true_diff }),
  }),
  noninferior_mean: (input: Record<"sd_diff" | "true_diff" | "margin" | "alpha" | "power", number>) => ({
    n: noninferiorMeanRows({ ...input, sd: input.sd_diff, trueDifference: input.true_diff }),
  }),
  proportion_above: (input: Record<"p0" | "p1" | "alpha" | "power", number>) => ({ n: rowsAboveFloor(input) }),
  half_width: (input: Record<"p" | "half_width" | "confidence", number>) => ({
    n: halfWidthRows({ ...input, halfWidth: input.half_width }),
  }),
};

const load: Record<string, Runner> = {
  early_stop: ({ p, ...rest }: Record<"over" | "p" | "tolerance" | "confidence", number>) => ({
    min_under: leastUnder({ ...rest, share: p }),
  }),
  run: (input: { events_intended_sent_done_ok: [number, number, number, boolean][]; slo_ms: number }) => {
    const events = input.events_intended_sent_done_ok.map(([intended, sent, done, ok]) => ({
      intended,
      sent,
      done,
      ok,
    }));
    const found = loadSummary(events, input.slo_ms);
    return {
      ...found,
      service_p99_from_send: found.serviceP99,
      error_rate: found.errorRate,
      achieved_rps: found.achieved,
      goodput_rps: found.goodput,
      within_slo: found.withinSlo,
      lag_p99_ms: found.lagP99,
    };
  },
  stream: (input: { token_times_ms: number[]; output_tokens: number }) => {
    const { ttft, endToEnd, tpot, gaps } = streamNumbers(input.token_times_ms, input.output_tokens);
    return { ttft, e2e: endToEnd, tpot, itl: gaps };
  },
  percentiles: ({ x }: { x: number[] }) => {
    const sorted = Float64Array.from(x).toSorted();
    return Object.fromEntries([50, 90, 95, 99, 99.9].map((p) => [`p${p}`, percentile(sorted, p / 100)]));
  },
  design_effect: (input: { over: number[]; blocks: number; confidence: number }) => {
    const { share, designEffect: effect, nEff } = designEffect(input.over, input.blocks);
    return {
      share,
      design_effect: effect,
      n_eff: nEff,
      upper_share: clopperPearsonUpper(share * nEff, nEff, input.confidence),
    };
  },
};

/** NaN and infinities stand as strings in the files. */
const numbers = (value: unknown): Nested => (Array.isArray(value) ? value.map(numbers) : Number(value));

interface Compared {
  actual: unknown;
  expected: unknown;
  rtol: number;
  atol: number;
  equal_nan: boolean;
}

const tolerance = ({ actual, expected, rtol, atol, equal_nan }: Compared) =>
  closeness(numbers(actual), numbers(expected), { rtol, atol, equalNan: equal_nan }).close;

const kindOf = ({ kind }: { kind: string }): string => kind;

/** The runner that the `kind` of an input names. */
const byKind =
  (record: Readonly<Record<string, Runner>>): Runner =>
  (input) =>
    named(record, kindOf(input))(input);

export const statisticsRunners: Readonly<Record<string, Runner>> = {
  special,
  intervals: byKind(intervals),
  paired_binary: pairedBinary,
  paired_auc: pairedAuc,
  paired_mean: pairedMean,
  prng: ({ seed }: { seed: string }) => prng(seed),
  bootstrap,
  multiplicity: ({ p }: { p: number[] }) => ({ holm: holm(p), bh: benjaminiHochberg(p), bonferroni: bonferroni(p) }),
  power: byKind(power),
  load: byKind(load),
  tolerance,
};
