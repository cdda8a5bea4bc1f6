import type { Generator } from "../../src/domain/statistics/prng.ts";
import { between, normal, oneOf, rounded, several } from "./draw.ts";
import type { Kind } from "./kind.ts";
import { asVectors } from "./vectors.ts";

function power(generator: Generator) {
  const sureness = { alpha: oneOf(generator, [0.01, 0.05, 0.1]), power: oneOf(generator, [0.7, 0.8, 0.9]) };
  const margin = rounded(0.005 + 0.05 * generator.f64(), 5);
  const true_diff = rounded(margin * (generator.f64() - 0.3), 5);
  const p0 = rounded(0.1 + 0.7 * generator.f64(), 4);
  return oneOf(generator, [
    {
      kind: "noninferior_binary",
      discordant: rounded(0.02 + 0.3 * generator.f64(), 4),
      true_diff,
      margin,
      ...sureness,
    },
    { kind: "noninferior_mean", sd_diff: rounded(0.1 + generator.f64(), 4), true_diff, margin, ...sureness },
    { kind: "proportion_above", p0, p1: p0 + 0.1, ...sureness },
    { kind: "half_width", p: p0, half_width: margin, confidence: 0.95 },
  ]);
}

/** Arrays with a last value that is near, far, or missing. */
function almostEqual(generator: Generator) {
  const expected = several(between(generator, 1, 4), () => rounded(100 * normal(generator), 3));
  const rtol = oneOf(generator, [0, 1e-3, 0.1]);
  const atol = oneOf(generator, [0, 1e-8, 0.5]);
  const last = expected.length - 1;
  const near =
    expected[last]! + (atol + rtol * Math.abs(expected[last]!)) * oneOf(generator, [0, 0.9, 1.1, -0.9, -1.1]);
  const actual = generator.below(8) === 0 ? expected.slice(1) : expected.with(last, near);
  return { actual, expected, rtol, atol, equal_nan: generator.below(2) === 0 };
}

/** Sample sizes, order statistics and tolerances. */
export const sizes: readonly Kind[] = [
  asVectors("power", "power", 80, power),
  asVectors("load", "percentiles", 40, (generator) => ({
    kind: "percentiles",
    x: several(between(generator, 1, 400), () => rounded(Math.exp(3 + normal(generator)), 3)),
  })),
  asVectors("load", "early_stop", 40, (generator) => ({
    kind: "early_stop",
    over: generator.below(12),
    p: oneOf(generator, [0.5, 0.9, 0.95]),
    tolerance: 0,
    confidence: oneOf(generator, [0.9, 0.95, 0.99]),
  })),
  asVectors("tolerance", "allclose", 80, almostEqual),
];
