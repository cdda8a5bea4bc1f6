import { expect, test } from "vitest";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { schedule } from "../../src/domain/schedule.ts";
import type { Session } from "../../src/ports/protocol.ts";
import { type LoadOptions, load } from "../../src/stages/load.ts";
import { thresholding, v2Server } from "../fakes/v2-server.ts";

const { signal } = new AbortController();

const options = (session: Session, fields: Partial<LoadOptions> = {}): LoadOptions => ({
  profile: "constant",
  ratePerSecond: 100,
  milliseconds: 600,
  warmupMilliseconds: 50,
  timeoutMilliseconds: 5000,
  tightestBound: 1000,
  seed: "s",
  session,
  inputs: [{ x: { dtype: "float32", shape: [1, 1], data: [0.7] } }],
  clock: systemClock,
  signal,
  progress: () => undefined,
  ...fields,
});

test("requests leave on a schedule that was made before", async () => {
  await using server = await v2Server(thresholding);
  const run = await load(options(v2.connect(server.endpoint, "m")));
  expect(run.events.map(({ intended }) => Math.round(intended))).toEqual(
    Array.from({ length: 60 }, (_, index) => index * 10),
  );
  expect(run.events.every(({ ok, sent, done }) => ok && done >= sent)).toBe(true);
});

test("a stall is seen by every request that it delays", async () => {
  let stalled = 0;
  let free = Promise.resolve();
  // One request at a time, and one of them takes 300 ms: the others wait behind it as in a server of one thread.
  const session: Session = {
    ready: async () => ({ ready: true, detail: "" }),
    metadata: () => Promise.reject(new Error("not asked")),
    prepare: () => ({
      async send() {
        const sent = performance.now();
        const turn = free.then(() =>
          ++stalled === 20 ? systemClock.until(performance.now() + 300, signal) : undefined,
        );
        free = turn;
        await turn;
        return { outputs: {}, sent, done: performance.now() };
      },
    }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const { events } = await load(options(session, { warmupMilliseconds: 0 }));
  const late = events.filter(({ intended, done }) => done - intended > 100);
  expect(late.length).toBeGreaterThan(10);
});

test("a request without an answer in time failed, and its latency is at least the time", async () => {
  await using server = await v2Server((request, count) => ({
    ...thresholding(request, count),
    ...(count === 5 && { delay: 2000 }),
  }));
  const run = await load(
    options(v2.connect(server.endpoint, "m"), { warmupMilliseconds: 0, timeoutMilliseconds: 200 }),
  );
  const failed = run.events.filter(({ ok }) => !ok);
  expect(failed).toHaveLength(1);
  expect(failed[0]!.done - failed[0]!.intended).toBeGreaterThanOrEqual(190);
});

test("a generator that lags makes the run inconclusive, not the model slow", async () => {
  await using server = await v2Server(thresholding);
  const late = { ...systemClock, until: (at: number, s: AbortSignal) => systemClock.until(at + 150, s) };
  const run = await load(options(v2.connect(server.endpoint, "m"), { clock: late, tightestBound: 50 }));
  expect(run.inconclusive).toMatch(/generator lagged/);
});

test("an empty schedule says nothing", async () => {
  await using server = await v2Server(thresholding);
  const run = await load(
    options(v2.connect(server.endpoint, "m"), { profile: "server", ratePerSecond: 0.001, milliseconds: 1 }),
  );
  expect(run.inconclusive).toMatch(/empty/);
});

test("a Poisson schedule is seeded, in order, and keeps its rate in the long run", () => {
  const times = schedule("server", 100, 100_000, "seed");
  expect(times).toEqual(schedule("server", 100, 100_000, "seed"));
  expect(times).not.toEqual(schedule("server", 100, 100_000, "other"));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  // Five standard deviations of a Poisson count of 10,000.
  expect(Math.abs(times.length - 10_000)).toBeLessThan(500);
});
