import { expect, test } from "vitest";
import { checkOf } from "../../src/domain/gate/decide.ts";
import { loadWarnings, unsteadiness } from "../../src/domain/load-warnings.ts";
import { load } from "./gate/observed.ts";

const steady = load(Array.from({ length: 400 }, (_, at) => 20 + (at % 5)));
const checks = [
  checkOf("latency.p99 <= 50ms @95%"),
  checkOf("accuracy >= 0.9"),
  checkOf("latency.p95 <= champion * 1.1"),
];

test("a steady run of many rows, far from the bound, says nothing", () => {
  expect(loadWarnings({ ...steady, payloads: 100, floor: 16 }, checks)).toEqual([]);
  expect(loadWarnings(steady, checks)).toEqual([]);
});

test("few rows, a network that is slow beside a bound, and tokens that nobody counted are said", () => {
  expect(loadWarnings({ ...steady, payloads: 99 }, checks)).toEqual([expect.stringMatching(/only 99 different rows/)]);
  expect(loadWarnings({ ...steady, floor: 17 }, checks)).toEqual([
    "latency.p99 <= 50ms @95% is less than 3 times the network floor of 17.0 ms: the way to the endpoint decides",
  ]);
  const stream = { arrivals: [1], tokens: 1, counted: false };
  const [first, ...rest] = steady.events;
  expect(loadWarnings({ ...steady, events: [{ ...first!, stream }, ...rest] }, [])).toEqual([
    expect.stringMatching(/does not count tokens/),
  ]);
});

test("a run that gets slower is not stationary", () => {
  const drifting = load(Array.from({ length: 400 }, (_, at) => (at < 300 ? 20 : 31)));
  expect(loadWarnings(drifting, [])).toEqual([expect.stringMatching(/^not stationary: .* is 1\.6 times/)]);
  const nearly = load(Array.from({ length: 400 }, (_, at) => (at < 300 ? 20 : 29)));
  expect(loadWarnings(nearly, [])).toEqual([]);
});

test("too few requests say nothing of it", () => {
  expect(unsteadiness(load([1, 50]))).toBeNull();
  expect(unsteadiness(load([]))).toBeNull();
});
