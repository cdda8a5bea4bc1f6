import { expect, test } from "vitest";
import {
  halfWidthRows,
  noninferiorMeanRows,
  noninferiorRows,
  rowsAboveFloor,
  zeroErrorRows,
} from "../../../src/domain/statistics/power.ts";

const usual = { alpha: 0.05, power: 0.8 };

test.each([
  [0.005, 0.02, 4947],
  [0.01, 0.04, 2474],
  [0.01, 0.2, 12_366],
  [0.02, 0.06, 928],
  [0.05, 0.1, 248],
])("a margin of %f at a discordance of %f needs %i rows", (margin, discordant, rows) => {
  expect(noninferiorRows({ discordant, trueDifference: 0, margin, ...usual })).toBe(rows);
});

test.each([
  [0.92, 1303],
  [0.93, 558],
  [0.95, 184],
])("a floor of 0.9 and a truth of %f need %i rows", (p1, rows) => {
  expect(rowsAboveFloor({ p0: 0.9, p1, ...usual })).toBe(rows);
});

test.each([
  [0.01, 0.95, 299],
  [0.005, 0.95, 598],
  [0.001, 0.95, 2995],
  [0.01, 0.99, 459],
  [0.5, 0.75, 2],
  [0.1, 0.9, 22],
])("no error in a share of at most %f at %f needs %i trials", (bound, confidence, rows) => {
  expect(zeroErrorRows(bound, confidence)).toBe(rows);
});

test("where no number of rows is enough, the number is infinite", () => {
  const numbers = [
    noninferiorRows({ discordant: 0.1, trueDifference: -0.01, margin: 0.01, ...usual }),
    noninferiorRows({ discordant: 0.1, trueDifference: -0.03, margin: 0.01, ...usual }),
    noninferiorMeanRows({ sd: 1, trueDifference: -0.2, margin: 0.1, ...usual }),
    rowsAboveFloor({ p0: 0.9, p1: 0.9, ...usual }),
    zeroErrorRows(0, 0.95),
  ];
  expect(numbers).toEqual(numbers.map(() => Number.POSITIVE_INFINITY));
});

const meanRows = (asked: Partial<typeof usual> & { margin?: number }): number =>
  noninferiorMeanRows({ sd: 1, trueDifference: 0, margin: 0.1, ...usual, ...asked });

test("more confidence, more power and a smaller margin need more rows", () => {
  expect(meanRows({ alpha: 0.01 })).toBeGreaterThan(meanRows({}));
  expect(meanRows({ power: 0.9 })).toBeGreaterThan(meanRows({}));
  expect(meanRows({ margin: 0.05 })).toBeGreaterThan(3.9 * meanRows({}));
  expect(halfWidthRows({ p: 0.5, halfWidth: 0.03, confidence: 0.95 })).toBe(1068);
});
