import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchable, isBatched, joined, parted } from "../../../src/domain/golden/batch.ts";
import { type Golden, readGoldens } from "../../../src/domain/golden.ts";
import type { TensorSpec } from "../../../src/domain/model.ts";
import type { Tensor, Tensors } from "../../../src/domain/tensor.ts";

const specs: TensorSpec[] = [{ name: "x", dtype: "float32", shape: [-1, "width"] }];
const goldens = (...rows: number[][][]): Golden[] =>
  readGoldens(
    rows
      .map((inputs, id) => JSON.stringify({ id: `g${id}`, inputs: { x: inputs }, expect: { label: "a" } }))
      .join("\n"),
    "golden.jsonl",
    specs,
  ) as Golden[];
const x = (data: number[], width = 1): Tensors => ({
  x: { dtype: "float32", shape: [data.length / width, width], data },
});

test("a side takes batches when the first dimension of all it has varies", () => {
  expect(isBatched(specs)).toBe(true);
  expect(isBatched([...specs, { name: "y", dtype: "int64", shape: ["batch"] }])).toBe(true);
  expect(isBatched([...specs, { name: "y", dtype: "int64", shape: [1] }])).toBe(false);
  expect(isBatched([...specs, { name: "y", dtype: "int64", shape: [] }])).toBe(false);
  expect(isBatched([])).toBe(false);
});

test("the largest set of requests with equal rows goes into a batch, and a single one goes twice", () => {
  const ids = (list: readonly Golden[]) => list.map(({ id }) => id);
  expect(ids(batchable(goldens([[1]], [[1, 2]], [[2]], [[3]]), 2))).toEqual(["g0", "g2"]);
  expect(ids(batchable(goldens([[1]], [[1, 2]], [[2]], [[3]]), 8))).toEqual(["g0", "g2", "g3"]);
  expect(ids(batchable(goldens([[1]]), 8))).toEqual(["g0", "g0"]);
});

describe("requests in one", () => {
  test("stand below each other, and their answers are taken apart in order", () => {
    const requests = [x([1, 2, 3, 4], 2), x([5, 6], 2)];
    expect(joined(requests)).toEqual(x([1, 2, 3, 4, 5, 6], 2));
    const outputs = { p: { dtype: "int64", shape: [3], data: [7, 8, 9] }, q: x([0])["x"]! } as Record<string, Tensor>;
    expect(parted(outputs, ["p"], requests)).toEqual([
      { p: { dtype: "int64", shape: [2], data: [7, 8] } },
      { p: { dtype: "int64", shape: [1], data: [9] } },
    ]);
  });

  test("come back as they were, whatever their rows", () => {
    const request = fc
      .array(fc.array(fc.integer(), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 4 })
      .map((rows) => x(rows.flat(), 3));
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 5 }), (requests) => {
        expect(parted(joined(requests), ["x"], requests)).toEqual(requests);
      }),
    );
  });

  test("with another number of rows in the answer are no batch", () => {
    const requests = [x([1]), x([2])];
    expect(() => parted(x([1]), ["x"], requests)).toThrow("x has 1 rows for 2 rows sent");
    expect(() => parted({}, ["x"], requests)).toThrow("x has no rows for 2 rows sent");
  });
});
