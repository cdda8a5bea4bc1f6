import { expect, test } from "vitest";
import { checkOf, type DecisionContext, decide } from "../../../src/domain/gate/decide.ts";
import type { LoadRun, Observations } from "../../../src/domain/observations/observations.ts";
import { xoshiro } from "../../../src/domain/statistics/prng.ts";
import { context, rightOrNot, wrongFirst } from "./observed.ts";

const n = 2000;

/** A run in 20 turns of 100 requests; latencies spread by half around a scale, a share of requests fails. */
function turns(scale: number, seed: string, { failing = 0, speed = 1 } = {}): LoadRun {
  const { f64 } = xoshiro(seed);
  const events = Array.from({ length: n }, (_, at) => {
    const intended = at * 10;
    return { intended, sent: intended, done: intended + scale * (0.5 + f64()), ok: f64() >= failing && f64() < speed };
  });
  return { profile: "server", ratePerSecond: 100, blockMilliseconds: 1000, events, inconclusive: null };
}

const beside = (load: LoadRun, championLoad: LoadRun | null): Observations => ({
  ...rightOrNot(wrongFirst(100, 0), wrongFirst(100, 0)),
  load,
  championLoad,
});
const decided = (text: string, observed: Observations, also: Partial<DecisionContext> = {}) =>
  decide(checkOf(text), observed, { ...context, ...also });

const champion = turns(100, "champion");

test("a ratio passes, fails or is open by its interval", () => {
  const check = "latency.p95 <= champion * 1.1 @95%";
  const same = decided(check, beside(turns(100, "a"), champion));
  expect(same).toMatchObject({ status: "pass", method: "block-ratio", bound: 1.1, n, reason: null });
  expect(same.estimate).toBeCloseTo(same.value! / same.ref!, 6);
  expect(same.lower).toBeLessThan(1);
  expect(same.sentence).toMatch(
    /^n = 2,000: ratio to champion (1\.0|0\.9)\d+, 95 % upper bound 1\.\d+; asked: at most 1\.1/,
  );
  const slower = decided(check, beside(turns(120, "b"), champion));
  expect(slower).toMatchObject({ status: "fail" });
  expect(slower.lower).toBeGreaterThan(1.1);
  const near = decided("latency.p95 <= champion * 1.01 @95%", beside(turns(100, "a"), champion));
  expect(near.status).toBe("inconclusive");
  expect(near.needsN).toBeGreaterThan(n);
  expect(near.sentence).toMatch(/needs about [\d,]+ requests/);
});

test("a margin in ms is held against the difference, and another confidence makes other bounds", () => {
  const slower = beside(turns(110, "c"), champion);
  const check = decided("latency.p50 <= champion + 5ms @95%", slower);
  expect(check).toMatchObject({ status: "fail", method: "block-difference", bound: 5 });
  expect(check.estimate).toBeCloseTo(check.value! - check.ref!, 6);
  expect(decided("latency.p50 <= champion + 20ms @95%", slower).status).toBe("pass");
  const surer = decided("latency.p50 <= champion + 5ms @99%", slower);
  expect(surer.lower).toBeLessThan(check.lower!);
});

test("without @ the values are compared as they are", () => {
  const slower = beside(turns(120, "b"), champion);
  expect(decided("latency.p95 <= champion * 1.1", slower)).toMatchObject({ status: "fail", method: "point" });
  expect(decided("latency.mean <= champion + 30%", slower)).toMatchObject({ status: "pass", method: "point" });
});

test("the same digests give the same bounds, others give others", () => {
  const observed = beside(turns(105, "d"), champion);
  const text = "latency.p95 <= champion * 1.1 @95%";
  expect(decided(text, observed)).toEqual(decided(text, observed));
  const seeds = { ...context.seeds, data: context.seeds.candidate };
  expect(decided(text, observed, { seeds }).upper).not.toBe(decided(text, observed).upper);
});

test("failures and rates are compared, too", () => {
  const failing = beside(turns(100, "e", { failing: 0.05 }), champion);
  expect(decided("error_rate <= champion + 1pp @95%", failing)).toMatchObject({ status: "fail", method: "newcombe" });
  expect(decided("error_rate <= champion + 1pp @95%", beside(champion, champion)).status).toBe("pass");
  const half = beside(turns(100, "f", { speed: 0.5 }), champion);
  expect(decided("throughput >= champion * 0.9 @95%", half)).toMatchObject({ status: "fail", method: "t-blocks" });
  expect(decided("throughput >= champion * 0.4 @95%", half).status).toBe("pass");
});

test.each<[string, Partial<Observations>, string, string]>([
  ["no champion exists", { championState: "none" }, "skipped", "no_champion"],
  ["it cannot be had", { championState: "unavailable" }, "error", "champion_unavailable"],
  ["it was not put under load", { championLoad: null }, "error", "champion_not_loaded"],
  ["evidence is older than such loads", { championLoad: undefined as never }, "error", "champion_not_loaded"],
  [
    "the generator fell behind in its turns",
    { championLoad: { ...champion, inconclusive: "lag" } },
    "inconclusive",
    "generator",
  ],
  ["half of it failed", { championLoad: turns(100, "g", { failing: 0.5 }) }, "inconclusive", "failures_reach"],
  ["all of it failed", { championLoad: turns(100, "g", { failing: 1 }) }, "inconclusive", "no_success"],
  ["the candidate failed", { load: turns(1, "h", { failing: 0.5 }) }, "inconclusive", "failures_reach"],
  [
    "it has too few requests",
    { championLoad: { ...champion, events: champion.events.slice(0, 9) } },
    "inconclusive",
    "min_n",
  ],
])("never a pass when %s", (_, fields, status, reason) => {
  const observed = { ...beside(turns(50, "fast"), champion), ...fields };
  expect(decided("latency.p95 <= champion * 1.1 @95%", observed)).toMatchObject({ status, reason });
});
