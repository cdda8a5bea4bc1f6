import { expect, test } from "vitest";
import type { LoadEvent, LoadRun } from "../../../src/domain/observations/observations.ts";
import { runMetric } from "./named.ts";

const run = (events: readonly LoadEvent[]): LoadRun => ({
  profile: "server",
  ratePerSecond: 10,
  events,
  inconclusive: null,
});
const at = (intended: number, took: number, ok = true): LoadEvent => ({
  intended,
  sent: intended + 5,
  done: intended + took,
  ok,
});
const measure = (name: string, load: LoadRun, stat: string | null = null) => runMetric(name).compute(load, stat);

const four = run([at(0, 10), at(100, 40), at(200, 30), at(300, 20)]);

test("latency runs from the intended send, by nearest rank", () => {
  expect(["p50", "p75", "p99", "mean", "max", "min"].map((stat) => measure("latency", four, stat))).toEqual([
    20, 30, 40, 25, 40, 10,
  ]);
});

test("latency looks at successful requests only, and does not exist without one", () => {
  expect(measure("latency", run([at(0, 10), at(1, 500, false)]), "max")).toBe(10);
  expect(measure("latency", run([at(0, 10, false)]), "p99")).toEqual({ undefined: "no_success" });
});

test("error rate and throughput count over the whole run", () => {
  const load = run([at(0, 100), at(500, 100, false), at(900, 100)]);
  expect(measure("error_rate", load)).toBeCloseTo(1 / 3);
  expect(measure("throughput", load)).toBe(2);
});

test("a run without requests has no numbers", () => {
  expect(measure("error_rate", run([]))).toEqual({ undefined: "no_rows" });
  expect(measure("throughput", run([]))).toEqual({ undefined: "no_rows" });
});
