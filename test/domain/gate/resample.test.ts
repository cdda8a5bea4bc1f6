import { describe, expect, test } from "vitest";
import { bootstrapBounds, resampled } from "../../../src/domain/gate/resample.ts";
import type { Rows } from "../../../src/domain/metrics/metric.ts";
import { rowMetric } from "../metrics/named.ts";

const asked = { replicates: 100, seed: "s", confidence: 0.9 };
const rows = Int32Array.from({ length: 20 }, (_, row) => row);

const withoutFirst = (weights: Uint32Array) => (weights[0] === 0 ? Number.NaN : weights[1]!);
const labels = (shift: number) =>
  Int32Array.from({ length: 90 }, (_, row) => (row * 7 + (row % shift === 0 ? 1 : 0)) % 3);
const model = (shift: number): Rows => ({
  truth: Float64Array.from(labels(1000)),
  classes: ["a", "b", "c"],
  groups: null,
  answers: { task: "multiclass", labels: labels(shift), probabilities: null },
});

describe("resampling that shows nothing gives no bound", () => {
  test("all resamples equal", () => {
    const found = bootstrapBounds({ contrast: () => 1, cellOf: rows, cells: 20, clusters: null }, asked);
    expect(found).toMatchObject({ undefined: "degenerate", lower: null, upper: null });
  });

  test("undefined on some resamples", () => {
    expect(bootstrapBounds({ contrast: withoutFirst, cellOf: rows, cells: 20, clusters: null }, asked)).toMatchObject({
      undefined: "resample_undefined",
    });
  });
});

describe("the joint table gives the same bounds as the rows", () => {
  test.each(["f1", "mcc", "kappa", "balanced_accuracy", "precision"])("%s", (name) => {
    const metric = rowMetric(name);
    const [table, each] = [metric, { ...metric, counts: false }].map(
      (by) => resampled(model(5), model(4), { metric: by, args: {}, mul: 1 })!,
    );
    expect([table!.cells, each!.cells]).toEqual([expect.any(Number), 90]);
    expect(table!.cells).toBeLessThan(28);
    const [short, long] = [bootstrapBounds(table!, asked), bootstrapBounds(each!, asked)];
    expect(short.lower).toBeCloseTo(long.lower!, 12);
    expect(short.upper).toBeCloseTo(long.upper!, 12);
  });
});
