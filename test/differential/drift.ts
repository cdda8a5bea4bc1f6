import type { Generator } from "../../src/domain/statistics/prng.ts";
import { driftRunners } from "../vectors/drift.ts";
import { between, normal, oneOf, rounded, several, toleranceOf } from "./draw.ts";
import type { Kind } from "./kind.ts";

/** A sample that may be tied, discrete, heavy-tailed, constant or far from zero. */
function sample(generator: Generator, n: number, shape: number, shift: number): number[] {
  const digits = oneOf(generator, [0, 1, 6]);
  const draw = [
    () => rounded(normal(generator) + shift, digits),
    () => rounded(normal(generator) / Math.max(0.05, generator.f64()) + shift, digits),
    () => generator.below(6) + Math.round(shift),
    () => 3 + Math.round(shift),
    () => 1e6 + rounded(normal(generator) + shift, 3),
  ][shape]!;
  return several(n, draw);
}

function twoSample(generator: Generator, index: number) {
  const [n, m] =
    index < 30 ? [1 + (index % 5), 1 + generator.below(6)] : [between(generator, 2, 90), between(generator, 2, 90)];
  // No constant samples here: without spread there is no t test.
  const shape = oneOf(generator, [0, 0, 1, 2, 4]);
  const shift = oneOf(generator, [0, 0, 0.5, 3]);
  return { x: sample(generator, n, shape, 0), y: sample(generator, m, shape, shift) };
}

function table(generator: Generator, index: number) {
  const columns = index % 2 === 0 ? 2 : between(generator, 2, 8);
  const most = oneOf(generator, [4, 60, 3000]);
  const row = () => several<number>(columns, () => generator.below(most));
  // Margins without counts have no expected count.
  const first = row().with(0, 1 + generator.below(most));
  const second = row().map((count, c) => (first[c] === 0 && count === 0 ? 1 : count));
  return { table: [first, second.some((count) => count > 0) ? second : second.with(0, 1)] };
}

function eValue(generator: Generator) {
  const n = generator.below(oneOf(generator, [10, 1000, 20_000]));
  const p0 = oneOf(generator, [0.5, 0.9, 0.92, 0.99]);
  const rate = Math.min(1, Math.max(0, p0 + 0.05 * normal(generator)));
  const successes = Math.round(n * rate);
  return { kind: "e_value", successes, failures: n - successes, p0 };
}

function run(generator: Generator) {
  const rate = 0.6 + 0.4 * generator.f64();
  const p0 = oneOf(generator, [0.8, 0.9, 0.95]);
  const x = several(between(generator, 1, 80), () => (generator.f64() < rate ? 1 : 0));
  return { kind: "shiryaev_roberts", x, p0, q: p0 - oneOf(generator, [0.01, 0.05, 0.1]) };
}

function numeric(generator: Generator, index: number) {
  const shape = generator.below(5);
  const n = index < 20 ? index + 1 : between(generator, 2, 400);
  const m = index < 20 ? 1 + generator.below(9) : between(generator, 1, 300);
  const shift = oneOf(generator, [0, 0.3, 2]);
  const current = sample(generator, m, shape, shift);
  if (generator.below(6) === 0) current[0] = 1e4;
  return { reference: sample(generator, n, shape, 0), current };
}

function categorical(generator: Generator) {
  const k = between(generator, 2, 12);
  const draw = () => several(k, () => (generator.below(5) === 0 ? 0 : generator.below(200)));
  return { ref_counts: draw().with(0, 5), cur_counts: draw().with(1, 3) };
}

const kind = (name: string, file: string, cases: number, input: Kind["input"]): Kind => ({
  kind: name,
  cases,
  tolerance: toleranceOf(file),
  input,
  got: driftRunners[file]!,
});

/** Two samples, tables of counts, sequential tests and drift; inputs and outputs as in the vector files. */
export const drift: readonly Kind[] = [
  kind("two_sample", "two_sample", 200, twoSample),
  kind("contingency", "contingency", 160, table),
  kind("e_value", "sequential", 80, eValue),
  kind("shiryaev_roberts", "sequential", 40, run),
  kind("drift_numeric", "drift_numeric", 160, numeric),
  kind("drift_categorical", "drift_categorical", 120, categorical),
];
