import { bca } from "../../src/domain/statistics/bootstrap.ts";
import { mean } from "../../src/domain/statistics/intervals.ts";
import type { Generator } from "../../src/domain/statistics/prng.ts";
import { between, normal, oneOf, rounded, several, toleranceOf } from "./draw.ts";
import type { Kind } from "./kind.ts";
import { asVectors } from "./vectors.ts";

/** A number with both a random size and random digits. */
const sized = (generator: Generator, least: number, most: number): number =>
  10 ** (least + (most - least) * generator.f64());

/** A probability, sometimes far out in a tail. */
const probability = (generator: Generator): number => {
  const p = oneOf(generator, [generator.f64(), sized(generator, -12, -1)]);
  return p === 0 ? 0.5 : p;
};

const specialArguments: Readonly<Record<string, (generator: Generator) => number[]>> = {
  normal_cdf: (g) => [5 * normal(g)],
  normal_sf: (g) => [5 * normal(g)],
  normal_quantile: (g) => [probability(g)],
  t_cdf: (g) => [4 * normal(g), between(g, 1, 400)],
  t_quantile: (g) => [probability(g), between(g, 1, 400)],
  chi2_sf: (g) => [sized(g, -3, 2.5), between(g, 1, 120)],
  chi2_quantile: (g) => [probability(g), between(g, 1, 120)],
  betainc: (g) => [sized(g, -1, 3), sized(g, -1, 3), g.f64()],
  beta_quantile: (g) => [probability(g), sized(g, -0.3, 3), sized(g, -0.3, 3)],
  binomial_cdf: (g) => {
    const n = between(g, 1, 5000);
    const p = probability(g);
    return [Math.min(n, Math.max(0, Math.round(n * p + 3 * normal(g) * Math.sqrt(n * p * (1 - p))))), n, p];
  },
  lgamma: (g) => [sized(g, -6, 7)],
  kolmogorov_sf: (g) => [0.2 + 3 * g.f64()],
};

function special(generator: Generator, index: number) {
  const names = Object.keys(specialArguments);
  const fn = names[index % names.length]!;
  return { fn, args: specialArguments[fn]!(generator) };
}

const confidence = (generator: Generator): number => oneOf(generator, [0.8, 0.9, 0.95, 0.99, 0.999]);

function proportion(generator: Generator) {
  const n = Math.ceil(sized(generator, 0, 4));
  return {
    kind: "proportion",
    k: oneOf(generator, [0, n, between(generator, 0, n)]),
    n,
    confidence: confidence(generator),
  };
}

function meanOf(generator: Generator) {
  const n = between(generator, 3, 120);
  const offset = oneOf(generator, [0, 10, 1e4]);
  const clusters = several(n, () => generator.below(Math.ceil(n / 3)));
  const x = several(n, () => rounded(offset + normal(generator), 6));
  return { kind: "mean", x, clusters: clusters.with(0, 0).with(1, 1), confidence: confidence(generator) };
}

const quantileRank = (generator: Generator) => ({
  kind: "quantile_rank",
  n: between(generator, 1, 1500),
  p: oneOf(generator, [0.5, 0.9, 0.95, 0.99, 0.999]),
  confidence: confidence(generator),
});

function pairedBinary(generator: Generator, index: number) {
  const n = index < 10 ? index + 1 : between(generator, 5, 3000);
  const most = oneOf(generator, [n, Math.ceil(n / 10)]);
  const b = between(generator, 0, most);
  return { only_candidate_right: b, only_champion_right: between(generator, 0, Math.min(most, n - b)), n };
}

function pairedAuc(generator: Generator) {
  const n = between(generator, 8, 160);
  const y_true = several(n, (i) => (i < 2 ? 0 : i < 4 ? 1 : generator.below(2)));
  const digits = oneOf(generator, [0, 1, 6]);
  const both = several(n, () => normal(generator));
  const score = (pull: number) => y_true.map((y, i) => rounded(both[i]! + normal(generator) + pull * y, digits));
  return { y_true, score_a: score(1), score_b: score(0.5) };
}

function pairedMean(generator: Generator, index: number) {
  const n = between(generator, 4, 60);
  const digits = oneOf(generator, [1, 6]);
  const b = several(n, () => rounded(normal(generator), digits));
  const a = b.map((value, i) => rounded(value + 0.2 + (i === 0 ? 0.7 : 0.5 * normal(generator)), digits));
  return { a, b, seed: `signs ${index}`, B: 199 };
}

/** Data, and means of resamples of it: sums and powers of two that both sides add up exactly, so that ties are ties. */
function meanReplicates(generator: Generator) {
  const n = oneOf(generator, [8, 16, 32, 64]);
  const data = several(n, () => Math.round(64 * Math.exp(normal(generator))) / 64);
  const replicates = several(400, () => mean(several(n, () => data[generator.below(n)]!)));
  return { data, replicates };
}

function correctedMean(input: { data: number[]; replicates: number[] }) {
  const { data } = input;
  const jackknife = Float64Array.from(data, (_, left) => mean(data.filter((_value, i) => i !== left)));
  const found = bca({ theta: mean(data), replicates: Float64Array.from(input.replicates), jackknife }, 0.975);
  return { bca95: [found.lower, found.upper], accel: found.acceleration };
}

/** Bounds, tests and special functions. */
export const inference: readonly Kind[] = [
  asVectors("special", "special", 480, special),
  asVectors("intervals", "proportion", 200, proportion),
  asVectors("intervals", "mean", 100, meanOf),
  asVectors("intervals", "quantile_rank", 80, quantileRank),
  asVectors("paired_binary", "paired_binary", 200, pairedBinary),
  asVectors("paired_auc", "paired_auc", 120, pairedAuc),
  asVectors("paired_mean", "paired_mean", 60, pairedMean),
  asVectors("prng", "prng", 30, (_, index) => ({ seed: `seed ${index} é` })),
  { kind: "bca", cases: 60, tolerance: toleranceOf("bootstrap"), input: meanReplicates, got: correctedMean },
  asVectors("multiplicity", "multiplicity", 60, (generator) => ({
    p: several(between(generator, 1, 30), () => rounded(generator.f64() ** 3, 4)),
  })),
];
