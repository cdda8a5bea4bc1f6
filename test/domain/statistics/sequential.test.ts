import { expect, test } from "vitest";
import { xoshiro } from "../../../src/domain/statistics/prng.ts";
import { logEValue, shiryaevRoberts } from "../../../src/domain/statistics/sequential.ts";

/** The likelihood ratio averaged over rates in [0, p0] by the midpoint rule. */
function averaged(successes: number, failures: number, p0: number): number {
  const steps = 100_000;
  let sum = 0;
  for (let i = 0; i < steps; i++) {
    const rate = ((i + 0.5) / steps) * p0;
    sum += (rate / p0) ** successes * ((1 - rate) / (1 - p0)) ** failures;
  }
  return Math.log(sum / steps);
}

test.each([
  [0, 0, 0.9],
  [3, 0, 0.5],
  [0, 4, 0.5],
  [20, 5, 0.9],
  [25, 2, 0.7],
])("the e-value of %i successes and %i failures at %f is the averaged likelihood ratio", (s, f, p0) => {
  expect(logEValue({ successes: s, failures: f, p0 })).toBeCloseTo(averaged(s, f, p0), 6);
});

test("a past so good that its chance is no number still has an e-value", () => {
  // Without a failure it is 1 / (s + 1), whatever the rate.
  expect(logEValue({ successes: 1_000_000, failures: 0, p0: 0.5 })).toBeCloseTo(-Math.log(1_000_001), 9);
  expect(logEValue({ successes: 0, failures: 100_000, p0: 0.9 })).toBeGreaterThan(200_000);
});

test("looking after every row, an e-value of 20 comes falsely in at most 5 % of streams", () => {
  let alarms = 0;
  for (let stream = 0; stream < 300; stream++) {
    const { f64 } = xoshiro(`stream ${stream}`);
    let [successes, failures] = [0, 0];
    for (let row = 0; row < 400; row++) {
      if (f64() < 0.9) successes++;
      else failures++;
      if (logEValue({ successes, failures, p0: 0.9 }) >= Math.log(20)) {
        alarms++;
        break;
      }
    }
  }
  expect(alarms).toBeLessThanOrEqual(0.05 * 300);
  expect(alarms).toBeGreaterThan(0);
});

/** Rows until the alarm. */
function until(rate: number, seed: string, alpha: number): number {
  const { f64 } = xoshiro(seed);
  let m = 0;
  for (let row = 1; ; row++) {
    m = shiryaevRoberts(m, f64() < rate, { good: 0.91, bad: 0.86 });
    if (m >= 1 / alpha) return row;
  }
}

test("Shiryaev-Roberts alarms falsely after 1/alpha rows or later on average, and soon after a loss", () => {
  const average = (rate: number) => {
    const rows = Array.from({ length: 100 }, (_, i) => until(rate, `rows ${i}`, 0.005));
    return rows.reduce((sum, count) => sum + count, 0) / rows.length;
  };
  expect(average(0.91)).toBeGreaterThanOrEqual(200);
  expect(average(0.8)).toBeLessThan(80);
});

test("Shiryaev-Roberts takes each row by its likelihood", () => {
  expect(shiryaevRoberts(0, true, { good: 0.8, bad: 0.4 })).toBe(0.5);
  expect(shiryaevRoberts(1, false, { good: 0.8, bad: 0.4 })).toBeCloseTo(6, 12);
});
