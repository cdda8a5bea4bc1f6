import * as fc from "fast-check";
import { expect, test } from "vitest";
import { clopperPearsonUpper } from "../../../src/domain/statistics/intervals.ts";
import {
  designEffect,
  leastUnder,
  loadSummary,
  percentile,
  streamNumbers,
} from "../../../src/domain/statistics/load-numbers.ts";

test("a percentile is an observed value with at least its share of values at or below it", () => {
  const values = fc.array(fc.double({ min: 0, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 1000 }), (drawn, permille) => {
      const sorted = Float64Array.from(drawn).toSorted();
      const found = percentile(sorted, permille / 1000);
      expect(sorted).toContain(found);
      expect(sorted.filter((value) => value <= found).length * 1000).toBeGreaterThanOrEqual(permille * sorted.length);
      expect(sorted.filter((value) => value < found).length * 1000).toBeLessThan(permille * sorted.length);
    }),
  );
});

test("no values have no percentile", () => {
  expect(percentile(new Float64Array(), 0.5)).toBeNaN();
});

/** 100 requests, one every 10 ms, each served in 5 ms one after the other; the server stands still once for 400 ms. */
function stalled() {
  let free = 0;
  return Array.from({ length: 100 }, (_, i) => {
    const intended = i * 10;
    const sent = Math.max(intended, free);
    free = sent + 5 + (i === 50 ? 400 : 0);
    return { intended, sent, done: free, ok: true };
  });
}

test("a stall shows in the latency of every request that was due meanwhile, not only of the one that met it", () => {
  const found = loadSummary(stalled(), 100);
  expect(found.p95).toBeGreaterThan(300);
  expect(found.serviceP99).toBe(5);
  expect(found.lagP99).toBeGreaterThan(300);
  expect(found.withinSlo).toBeLessThan(75);
});

test("failures count as answers and as errors, never as latencies", () => {
  const events = stalled().map((event, i) => (i === 50 ? { ...event, ok: false } : event));
  const found = loadSummary(events, 1000);
  expect(found).toMatchObject({ errors: 1, errorRate: 0.01, withinSlo: 99 });
  expect(found.max).toBeLessThan(405);
  expect(found.achieved).toBeGreaterThan(found.goodput);
});

test("the order of the events does not matter", () => {
  expect(loadSummary(stalled().toReversed(), 100)).toEqual(loadSummary(stalled(), 100));
});

test("a run without a success has rates but no latencies", () => {
  const found = loadSummary([{ intended: 0, sent: 1, done: 1000, ok: false }], 100);
  expect(found).toMatchObject({ p50: Number.NaN, max: Number.NaN, errorRate: 1, achieved: 1, goodput: 0 });
});

test("a stream of one token has no time per token", () => {
  expect(streamNumbers([120], 1)).toEqual({ ttft: 120, endToEnd: 120, tpot: null, gaps: [] });
});

test("tokens that arrive together share their gap", () => {
  expect(streamNumbers([100, 160], 4)).toEqual({ ttft: 100, endToEnd: 160, tpot: 20, gaps: [60] });
});

test.each([
  [0.5, 0.95, [5, 8, 11, 18, 30, 53]],
  [0.9, 0.95, [29, 46, 61, 103, 167, 286]],
  [0.99, 0.95, [299, 473, 628, 1049, 1693, 2902]],
  [0.99, 0.99, [459, 662, 838, 1307, 2010, 3304]],
  [0.999, 0.95, [2995, 4742, 6294, 10_511, 16_959, 29_058]],
])("p%f at %f needs the requests of the table", (share, confidence, totals) => {
  const found = [0, 1, 2, 5, 10, 20].map((over) => over + leastUnder({ over, share, tolerance: 0, confidence }));
  expect(found).toEqual(totals);
});

test("the least number under is where the upper bound of the share over reaches what is allowed", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40 }), fc.constantFrom(0.9, 0.95, 0.99), (over, share) => {
      const under = leastUnder({ over, share, tolerance: 0, confidence: 0.95 });
      expect(clopperPearsonUpper(over, over + under, 0.95)).toBeLessThanOrEqual(1 - share + 1e-12);
      expect(clopperPearsonUpper(over, over + under - 1, 0.95)).toBeGreaterThan(1 - share);
    }),
  );
});

test("a tolerance asks for a smaller share, and an exactly reached limit is not below it", () => {
  const asked = { over: 3, share: 0.95, confidence: 0.95 };
  expect(leastUnder({ ...asked, tolerance: 0.05 })).toBe(leastUnder({ ...asked, share: 0.9, tolerance: 0 }));
  expect(leastUnder({ over: 0, share: 0.5, tolerance: 0, confidence: 0.75 })).toBe(3);
});

test("requests over a bound in one burst are worth far fewer independent ones than the same spread out", () => {
  const burst = Array.from({ length: 400 }, (_, i) => i < 20);
  const spread = Array.from({ length: 400 }, (_, i) => i % 20 === 0);
  expect(designEffect(spread, 20)).toEqual({ share: 0.05, designEffect: 1, nEff: 400 });
  expect(designEffect(burst, 20).share).toBe(0.05);
  expect(designEffect(burst, 20).nEff).toBeLessThan(25);
});

test("a design effect is never below one and defined for any run", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 300 }), (over) => {
      const found = designEffect(over, 20);
      expect(found.designEffect).toBeGreaterThanOrEqual(1);
      expect(found.nEff).toBeLessThanOrEqual(over.length);
      expect(found.nEff).toBeGreaterThan(0);
    }),
  );
});
