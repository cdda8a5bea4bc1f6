import { expect, test } from "vitest";
import type { LoadRun } from "../../src/domain/observations/observations.ts";
import { loadSections } from "../../src/reports/load.ts";
import { load } from "../domain/gate/observed.ts";

const run: LoadRun = { ...load(Array.from({ length: 1000 }, (_, at) => 10 + at / 100)), floor: 1.5 };
const row = (label: string, loads: Parameters<typeof loadSections>[0]) =>
  loadSections(loads, [])[0]!.rows.find(([name]) => name === label);

test("percentiles stand with their intervals, which hold the value", () => {
  const [, p95] = row("latency.p95", { load: run })!;
  expect(p95).toMatch(/^19\.49 ms \(19\.3\d* ms to 19\.6\d* ms\)$/);
  expect(row("latency.p99", { load: load([5, 6, 7]) })![1]).toBe("7 ms (n too small for an interval)");
});

test("what a run has no value for is not shown", () => {
  expect(row("ttft.p95", { load: run })).toBeUndefined();
  expect(row("goodput", { load: run })).toBeUndefined();
  expect(row("network floor", { load: run })).toEqual(["network floor", "1.5 ms"]);
  expect(loadSections({ load: null }, ["nothing"])).toEqual([]);
  expect(row("requests", { load: load([]) })).toEqual(["requests", "0"]);
});

test("the champion stands beside the candidate, and what makes numbers say less below", () => {
  const events = run.events.map((event) => ({ ...event, done: event.done + 3 }));
  const slower = { ...run, events, inconclusive: "it lagged" };
  const [section] = loadSections({ load: run, championLoad: slower }, ["few rows"]);
  expect(section!.columns).toEqual(["", "candidate", "champion"]);
  expect(section!.rows.every((cells) => cells.length === 3)).toBe(true);
  expect(section!.notes).toEqual([
    "says nothing about the model: it lagged",
    expect.stringMatching(/^a request of the candidate takes 3 ms less than one of the champion/),
    "few rows",
  ]);
  const [none] = loadSections({ load: run, championLoad: load([null]) }, []);
  expect(none!.notes).toEqual([]);
});

test("each trial of a search is listed, and what it came to", () => {
  const trial = { milliseconds: 15_000, requests: 150, generator: false };
  const slo = "latency.p99 <= 100ms";
  const trials = [
    { ...trial, rate: 10, confirming: false, passed: true, why: null, values: [{ slo, value: 12.3456, upper: null }] },
    {
      ...trial,
      rate: 20,
      confirming: true,
      passed: false,
      why: "too slow",
      values: [{ slo, value: null, upper: null }],
    },
  ];
  const search = { slo: [slo], from: 10, to: 20, precision: 0.1, trials, maxRate: null, reason: "not_confirmed" };
  const [, section] = loadSections({ load: { ...run, search } }, []);
  expect(section).toMatchObject({
    title: "Greatest rate",
    rows: [
      ["held", "10 /s", "15 s", "150", `${slo}: 12.35`, ""],
      ["failed", "20 /s", "15 s, to confirm", "150", `${slo}: no value`, "too slow"],
    ],
    notes: [expect.stringMatching(/not known: no rate was confirmed/)],
  });
  const [, known] = loadSections({ load: { ...run, search: { ...search, maxRate: 10, reason: null } } }, []);
  expect(known!.notes).toEqual(["max_rate 10 /s"]);
});
