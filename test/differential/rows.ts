import type { Generator } from "../../src/domain/statistics/prng.ts";
import { gateRunners } from "../vectors/gate.ts";
import { between, normal, oneOf, rounded, several, toleranceOf } from "./draw.ts";
import type { Kind } from "./kind.ts";

/** Scores that follow the truth more or less, with ties, edges of bins, and a single value. */
function scores(generator: Generator, truth: readonly number[]): number[] {
  const digits = oneOf(generator, [1, 2, 6, 12]);
  const pull = oneOf(generator, [0, 0.5, 2, 20]);
  if (generator.below(12) === 0) return truth.map(() => 0.5);
  return truth.map((y) => rounded(1 / (1 + Math.exp(-normal(generator) - pull * (y - 0.5))), digits));
}

function binary(generator: Generator, index: number) {
  const share = oneOf(generator, [0, 0.05, 0.5, 0.9, 1]);
  const n = index < 20 ? index + 1 : between(generator, 2, 300);
  const y_true = several(n, () => (generator.f64() < share ? 1 : 0));
  return { y_true, y_score: scores(generator, y_true), threshold: oneOf(generator, [0.5, 0.5, 0.3, 0.7]) };
}

function multiclass(generator: Generator, index: number) {
  const classes = between(generator, 3, 7);
  const n = index < 10 ? index + 3 : between(generator, 3, 200);
  const seen = generator.below(4) === 0 ? classes - 1 : classes;
  const y_true = several(n, () => generator.below(seen));
  const coarse = generator.below(3) === 0;
  const pull = oneOf(generator, [0, 1, 5]);
  const y_prob = y_true.map((y) => {
    const weights = several(classes, (c) => {
      const weight = Math.exp(normal(generator) + (c === y ? pull : 0));
      return coarse ? Math.ceil(weight) : weight;
    });
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight) => weight / sum);
  });
  return { y_true, y_prob };
}

function regression(generator: Generator, index: number) {
  const n = index < 10 ? index + 2 : between(generator, 2, 300);
  const scale = oneOf(generator, [1e-3, 1, 1e4]);
  const offset = oneOf(generator, [0, 0, 5, 1e3]) * scale;
  const digits = oneOf(generator, [0, 1, 9]);
  const constant = generator.below(12);
  const y_true = several(n, () => (constant === 0 ? 3 : rounded(offset + scale * normal(generator), digits)));
  const noise = oneOf(generator, [0, 0.1, 2]) * scale;
  return { y_true, y_pred: y_true.map((y) => (constant === 1 ? 2 : rounded(y + noise * normal(generator), digits))) };
}

/** Metrics of classification and regression; inputs and outputs as in the vector files. */
export const rows: readonly Kind[] = [
  {
    kind: "binary",
    cases: 300,
    tolerance: toleranceOf("classification_binary"),
    input: binary,
    got: gateRunners["classification_binary"]!,
  },
  {
    kind: "multiclass",
    cases: 200,
    tolerance: toleranceOf("classification_multiclass"),
    input: multiclass,
    got: gateRunners["classification_multiclass"]!,
  },
  {
    kind: "regression",
    cases: 300,
    tolerance: toleranceOf("regression"),
    input: regression,
    got: gateRunners["regression"]!,
  },
];
