import { describe, expect, test } from "vitest";
import { type FindMax, nextStep } from "../../src/domain/load-search.ts";
import type { LoadSearch } from "../../src/domain/observations/observations.ts";
import type { Session } from "../../src/ports/protocol.ts";
import { load } from "../../src/stages/load.ts";
import { runMetric } from "../domain/metrics/named.ts";
import { eventClock } from "../fakes/event-clock.ts";

const { signal } = new AbortController();
const plan: FindMax = {
  slo: ["latency.p99 <= 100ms"],
  from: 10,
  to: 500,
  precision: 0.1,
  trialMilliseconds: 15_000,
  confirmMilliseconds: 60_000,
};

interface Server {
  /** How long one request takes, in ms, one after the other. */
  service: number;
  /** Whether the server is ready when it is asked, from 0. */
  ready?: (asked: number) => boolean;
  /** Whether a request fails. */
  fails?: (count: number) => boolean;
}

/** Looks for the greatest rate of a server that answers one request after the other. */
async function found({ service, ready = () => true, fails = () => false }: Server, fields: Partial<FindMax> = {}) {
  const clock = eventClock();
  const none = new AbortController().signal;
  let [free, asked, count] = [0, 0, 0];
  const readyAt: number[] = [];
  const session: Session = {
    async ready() {
      // What is asked at the beginning is the way to the endpoint.
      if (clock.monotonic() === 0) return { ready: true, detail: "" };
      readyAt.push(clock.monotonic());
      return { ready: ready(asked++), detail: "" };
    },
    metadata: () => Promise.reject(new Error("not asked")),
    prepare: () => ({
      async send(limit) {
        const sent = clock.monotonic();
        free = Math.max(free, sent) + service;
        await clock.until(free, none);
        limit.throwIfAborted();
        if (fails(count++)) throw new Error("failed");
        return { outputs: {}, sent, done: clock.monotonic() };
      },
    }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const { load: run } = await load({
    plan: { profile: "constant", ratePerSecond: 1, milliseconds: 2000 },
    ...{ allowClosed: false, goodput: null, findMax: { ...plan, ...fields }, warmupMilliseconds: 0 },
    ...{ timeoutMilliseconds: 30_000, tightestBound: null, seed: "s", session, champion: null, clock, signal },
    inputs: [{ x: { dtype: "float32", shape: [1], data: [1] } }],
    progress: () => undefined,
  });
  return { search: run.search!, run, readyAt, value: runMetric("max_rate").compute(run, null) };
}

const rates = ({ trials }: LoadSearch, confirming: boolean): number[] =>
  trials.filter((trial) => trial.confirming === confirming).map(({ rate }) => Math.round(rate));

describe("a server of 100 requests a second", () => {
  test("is found out by doubling, bisecting and confirming, and what surely fails ends early", async () => {
    const { search, value, readyAt } = await found({ service: 10 });
    expect(rates(search, false).slice(0, 6)).toEqual([10, 20, 40, 80, 160, 113]);
    const [doubled] = search.trials.filter(({ rate }) => rate === 160);
    expect(doubled).toMatchObject({ passed: false, generator: false });
    expect(doubled!.why).toMatch(/\d+ requests wait for an answer|surely missed/);
    expect(doubled!.requests).toBeLessThan(1200);
    // A queue with constant service times holds 100 ms at p99 up to about nine tenths of what it can do.
    expect(value).toBeGreaterThan(60);
    expect(value).toBeLessThan(100);
    expect(search.trials.slice(-2)).toMatchObject([
      { confirming: true, passed: true, milliseconds: 60_000 },
      { confirming: true, passed: true, rate: search.maxRate },
    ]);
    expect(search.trials.at(-1)!.values[0]!.upper).toBeLessThanOrEqual(100);
    // Asked whether it is ready before each trial, never sooner than it could drain.
    expect(readyAt).toHaveLength(search.trials.length);
    const gaps = readyAt.slice(1).map((at, index) => at - readyAt[index]!);
    expect(Math.min(...gaps)).toBeGreaterThan(3000);
  });

  test("is the same each time", async () => {
    expect((await found({ service: 10 })).search).toEqual((await found({ service: 10 })).search);
  });

  test("is no more than what was asked for", async () => {
    const { search, value } = await found({ service: 10 }, { to: 30 });
    expect([value, rates(search, false), rates(search, true)]).toEqual([30, [10, 20, 30], [30, 30]]);
  });

  test("that is too slow at the first rate has no rate", async () => {
    const { search, value } = await found({ service: 200 });
    expect([value, search.trials.length]).toEqual([0, 1]);
  });

  test("that never answers has none, and ends early", async () => {
    const { search, value } = await found({ service: 1e9 });
    expect([value, search.trials.length]).toEqual([0, 1]);
    expect(search.trials[0]).toMatchObject({ requests: 0, generator: false, why: "17 requests wait for an answer" });
  });

  test("whose requests fail has none either, though those that succeed are fast", async () => {
    const { search, value } = await found({ service: 1, fails: (count) => count % 10 === 0 });
    expect(value).toBe(0);
    expect(search.trials[0]!.why).toMatch(/surely missed/);
    expect(search.slo).toEqual(["latency.p99 <= 100ms"]);
  });

  test("that does not get ready again ends the search without a rate", async () => {
    const { search, value } = await found({ service: 10, ready: (asked) => asked < 4 });
    expect([value, search.trials.length]).toEqual([{ undefined: "search_stopped" }, 4]);
  });

  test("that needs a while to get ready is given it", async () => {
    const { search } = await found({ service: 10, ready: (asked) => asked % 3 === 2 }, { to: 20 });
    expect(search.maxRate).toBe(20);
  });
});

describe("what is tried next", () => {
  const trial = (rate: number, passed: boolean, confirming = false) => ({ rate, passed, confirming });
  const small = { ...plan, from: 10, to: 20 };
  const ends = [trial(10, true), trial(20, true)];
  const down = (times: number): number => (times === 0 ? 20 : down(times - 1) / 1.1);

  test("a rate that is not confirmed is tried a step lower, twice again", () => {
    const once = [...ends, trial(20, true, true), trial(20, false, true)];
    expect(nextStep(once, small)).toEqual({ rate: down(1), confirming: true });
    const again = [...once, trial(down(1), true, true)];
    expect(nextStep(again, small)).toEqual({ rate: down(1), confirming: true });
    expect(nextStep([...again, trial(down(1), true, true)], small)).toEqual({ maxRate: down(1), reason: null });
  });

  test("after three steps down nothing is confirmed, and nothing is tried below the first rate", () => {
    const failing = [0, 1, 2, 3].map((times) => trial(down(times), false, true));
    expect(nextStep([...ends, ...failing.slice(0, 3)], small)).toEqual({ rate: down(3), confirming: true });
    expect(nextStep([...ends, ...failing], small)).toEqual({ maxRate: null, reason: "not_confirmed" });
    expect(nextStep([trial(10, true), trial(10, false, true)], { ...small, to: 10 })).toEqual({
      maxRate: null,
      reason: "not_confirmed",
    });
  });

  test("the middle of what holds and what does not is that of the logarithms", () => {
    expect(nextStep([trial(10, true), trial(20, false)], small)).toEqual({ rate: Math.sqrt(200), confirming: false });
    expect(nextStep([trial(10, true), trial(11, false)], small)).toEqual({ rate: 10, confirming: true });
  });
});
