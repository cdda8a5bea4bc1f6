import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { checkOf, decide } from "../../src/domain/gate/decide.ts";
import type { Observations } from "../../src/domain/observations/observations.ts";
import { arrivalTimes, schedule } from "../../src/domain/schedule.ts";
import type { Session } from "../../src/ports/protocol.ts";
import { type LoadOptions, load } from "../../src/stages/load.ts";
import { context, rightOrNot, wrongFirst } from "../domain/gate/observed.ts";
import { runMetric } from "../domain/metrics/named.ts";
import { thresholding, v2Server } from "../fakes/v2-server.ts";

const { signal } = new AbortController();

type Paced = Partial<LoadOptions> & {
  profile?: "server" | "constant";
  ratePerSecond?: number;
  milliseconds?: number;
};

const options = (session: Session, { profile, ratePerSecond, milliseconds, ...fields }: Paced = {}): LoadOptions => ({
  plan: {
    profile: profile ?? "constant",
    ratePerSecond: ratePerSecond ?? 100,
    milliseconds: milliseconds ?? 600,
  },
  allowClosed: false,
  goodput: null,
  findMax: null,
  warmupMilliseconds: 50,
  timeoutMilliseconds: 5000,
  tightestBound: 1000,
  seed: "s",
  session,
  champion: null,
  inputs: [{ x: { dtype: "float32", shape: [1, 1], data: [0.7] } }],
  clock: systemClock,
  signal,
  progress: () => undefined,
  ...fields,
});

/** What a gate says of loads. */
const verdict = (check: string, loads: Pick<Observations, "load" | "championLoad">) =>
  decide(checkOf(check), { ...rightOrNot(wrongFirst(100, 0), wrongFirst(100, 0)), ...loads }, context);

/** A run of a candidate without a champion. */
const loaded = async (asked: LoadOptions) => (await load(asked)).load;

/** A server in this process that answers when the work is done. */
const slow = (work: () => Promise<void>): Session => ({
  ready: async () => ({ ready: true, detail: "" }),
  metadata: () => Promise.reject(new Error("not asked")),
  prepare: () => ({
    async send() {
      const sent = performance.now();
      await work();
      return { outputs: {}, sent, done: performance.now() };
    },
  }),
  [Symbol.asyncDispose]: async () => undefined,
});

test("requests leave on a schedule that was made before", async () => {
  await using server = await v2Server(thresholding);
  const run = await loaded(options(v2.connect(server.endpoint, "m")));
  expect(run.events.map(({ intended }) => Math.round(intended))).toEqual(
    Array.from({ length: 60 }, (_, index) => index * 10),
  );
  expect(run.events.every(({ ok, sent, done }) => ok && done >= sent)).toBe(true);
});

test("a stall is seen by every request that it delays", async () => {
  let stalled = 0;
  let free = Promise.resolve();
  // One request at a time, and one of them takes 300 ms: the others wait behind it as in a server of one thread.
  const session = slow(() => {
    const turn = free.then(() => (++stalled === 20 ? systemClock.until(performance.now() + 300, signal) : undefined));
    free = turn;
    return turn;
  });
  const { events } = await loaded(options(session, { warmupMilliseconds: 0 }));
  const late = events.filter(({ intended, done }) => done - intended > 100);
  expect(late.length).toBeGreaterThan(10);
});

test("a server that stands still once shows in every request that waits behind it; one after the other, it shows in one", async () => {
  // Blocks the server's only thread: connections and requests that come meanwhile wait in the kernel.
  const server = new Worker(
    `const { createServer } = require("node:http");
     const { parentPort } = require("node:worker_threads");
     let count = 0;
     const answer = '{"outputs":[{"name":"p","datatype":"FP32","shape":[1,1],"data":[1]}]}';
     const server = createServer((request, response) => {
       request.resume().on("end", () => {
         if (++count % 100 === 30) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
         response.end(answer);
       });
     });
     server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  try {
    const port = await new Promise<number>((resolve) => server.once("message", resolve));
    const session = v2.connect({ url: `http://127.0.0.1:${port}`, protocol: "v2" }, "m");
    const run = await loaded(options(session, { milliseconds: 1000, tightestBound: 10_000 }));
    const { events, inconclusive } = run;
    expect(inconclusive).toBeNull();
    const stalled = events.filter(({ intended, done }) => done - intended > 50);
    expect(stalled.length).toBeGreaterThan(25);
    expect(verdict("latency.p90 <= 50ms @95%", { load: run })).toMatchObject({ status: "fail", reason: null });
    const call = session.prepare({}, "closed");
    const closed: number[] = [];
    for (let time = 0; time < 100; time++) {
      const { sent, done } = await call.send(signal);
      closed.push(done - sent);
    }
    expect(closed.filter((ms) => ms > 390)).toHaveLength(1);
  } finally {
    await server.terminate();
  }
});

test("a busy machine makes the run inconclusive, not the model slow", async () => {
  await using server = await v2Server(thresholding);
  // Blocks this thread, as other work on a runner would, in the middle of the run.
  const block = setInterval(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60), 100);
  const run = await loaded(options(v2.connect(server.endpoint, "m"), { tightestBound: 100 }));
  clearInterval(block);
  expect(run.inconclusive).toMatch(/generator lagged: p99 of sent minus intended is [\d.]+ ms, and 5\.0 ms is allowed/);
  for (const check of ["latency.p90 <= 50ms @95%", "latency.p99 <= 10s @95%", "latency.p99 <= 10s"])
    expect(verdict(check, { load: run })).toMatchObject({ status: "inconclusive", reason: "generator" });
});

test("a client that is full does not blame the server", async () => {
  let asked = 0;
  const deaf: Session = {
    ready: async () => ({ ready: true, detail: "" }),
    metadata: () => Promise.reject(new Error("not asked")),
    prepare: () => ({
      send: (limit) =>
        new Promise((_resolve, reject) => {
          asked++;
          limit.addEventListener("abort", () => reject(new Error("no answer")));
        }),
    }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const fields = { ratePerSecond: 20_000, milliseconds: 300, warmupMilliseconds: 0, timeoutMilliseconds: 1500 };
  const run = await loaded(options(deaf, { ...fields, tightestBound: 1_000_000 }));
  expect([asked, run.events.length]).toEqual([4096, 4096]);
  expect(run.inconclusive).toBe("1904 of 6000 requests were not sent: 4096 were in flight already");
});

test("the warm-up is not recorded, and payloads are real rows in a seeded order", async () => {
  const sent: string[] = [];
  const inputs = [1, 2, 3, 4, 5].map((x) => ({ x: { dtype: "float32" as const, shape: [1, 1], data: [x / 10] } }));
  const ids = async (seed: string) => {
    sent.length = 0;
    await using server = await v2Server((request, count) => {
      sent.push(String(request.inputs[0]!.data[0]));
      return thresholding(request, count);
    });
    const run = await loaded(
      options(v2.connect(server.endpoint, "m"), { inputs, seed, milliseconds: 200, ratePerSecond: 50 }),
    );
    expect([run.events.length, sent.length > run.events.length]).toEqual([10, true]);
    return sent.slice(-5);
  };
  const first = await ids("s");
  expect(first.toSorted()).toEqual(["0.1", "0.2", "0.3", "0.4", "0.5"]);
  expect(await ids("s")).toEqual(first);
  expect(await ids("another")).not.toEqual(first);
});

test("an aborted run ends", async () => {
  await using server = await v2Server(thresholding);
  const controller = new AbortController();
  const run = loaded(options(v2.connect(server.endpoint, "m"), { milliseconds: 60_000, signal: controller.signal }));
  controller.abort(new Error("enough"));
  await expect(run).rejects.toThrow(/enough|aborted/);
});

test("a request without an answer in time failed, and its latency is at least the time", async () => {
  await using server = await v2Server((request, count) => ({
    ...thresholding(request, count),
    ...(count === 5 && { delay: 2000 }),
  }));
  const run = await loaded(
    options(v2.connect(server.endpoint, "m"), { warmupMilliseconds: 0, timeoutMilliseconds: 200 }),
  );
  const failed = run.events.filter(({ ok }) => !ok);
  expect(failed).toHaveLength(1);
  expect(failed[0]!.done - failed[0]!.intended).toBeGreaterThanOrEqual(190);
});

test("a generator that lags makes the run inconclusive, not the model slow", async () => {
  await using server = await v2Server(thresholding);
  const late = { ...systemClock, until: (at: number, s: AbortSignal) => systemClock.until(at + 150, s) };
  const run = await loaded(options(v2.connect(server.endpoint, "m"), { clock: late, tightestBound: 50 }));
  expect(run.inconclusive).toMatch(/generator lagged/);
});

test("an empty schedule says nothing", async () => {
  await using server = await v2Server(thresholding);
  const run = await loaded(
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

test("recorded times are read from the first one on, in whatever order they stand", () => {
  expect(arrivalTimes("# access log\n100.5\n\n100\r\n102.25\n")).toEqual([0, 500, 2250]);
  expect(arrivalTimes("2026-11-23T12:00:00.250Z\n2026-11-23 13:00:00+01:00\n")).toEqual([0, 250]);
  expect(() => arrivalTimes("1\nyesterday")).toThrow(/"yesterday" is no time/);
  for (const odd of ["-1", "NaN", "Infinity", "0x10", "1e400", "2026-13-45T99:00:00Z"])
    expect(() => arrivalTimes(odd)).toThrow(/is no time/);
  expect(() => arrivalTimes("# nothing\n")).toThrow(/no times/);
});

test("a recording is sent at its times", async () => {
  await using server = await v2Server(thresholding);
  const times = [0, 5, 5, 120];
  const run = await loaded(
    options(v2.connect(server.endpoint, "m"), { plan: { profile: "replay", times }, tightestBound: 1_000_000 }),
  );
  expect(run.events.map(({ intended }) => intended)).toEqual(times);
  expect(run.events.every(({ sent, intended }) => sent >= intended)).toBe(true);
  expect(run).toMatchObject({ profile: "replay", inconclusive: null });
  expect(run.ratePerSecond).toBeCloseTo(33.3, 1);
});

test("users who wait for their answers are never more in flight than they are", async () => {
  let [flying, most] = [0, 0];
  const session = slow(async () => {
    most = Math.max(most, ++flying);
    await systemClock.until(performance.now() + 20, signal);
    flying--;
  });
  const plan = { profile: "stream", concurrency: 3, milliseconds: 300 } as const;
  const { events, ratePerSecond } = await loaded(options(session, { plan }));
  expect([most, ratePerSecond]).toEqual([3, null]);
  // Each user sends when the answer has come: 20 ms and a little apart.
  expect(events.length).toBeGreaterThanOrEqual(3);
  expect(events.length).toBeLessThanOrEqual(45);
  expect(events.every(({ intended, done }) => done - intended >= 19.9)).toBe(true);
});

test("offline sends every item once, in batches that were all meant to leave at once", async () => {
  const shapes: number[][] = [];
  await using server = await v2Server((request, count) => {
    shapes.push(request.inputs[0]!.shape);
    return thresholding(request, count);
  });
  const inputs = [1, 2, 3].map((x) => ({ x: { dtype: "float32" as const, shape: [1, 1], data: [x / 10] } }));
  const plan = { profile: "offline", concurrency: 2, batch: 4, items: 20 } as const;
  const fields = { plan, inputs, warmupMilliseconds: 0 };
  const run = await loaded(options(v2.connect(server.endpoint, "m"), fields));
  expect(shapes).toEqual(Array.from({ length: 5 }, () => [4, 1]));
  expect(run.events.map(({ intended, items, ok }) => [intended, items, ok])).toEqual(
    Array.from({ length: 5 }, () => [0, 4, true]),
  );
  const last = Math.max(...run.events.map(({ done }) => done));
  expect(runMetric("throughput").compute(run, null)).toBeCloseTo((20 / last) * 1000);
});

test("a closed loop against a server that is gone ends, and has no success", async () => {
  const gone = slow(() =>
    systemClock.until(performance.now() + 5, signal).then(() => Promise.reject(new Error("gone"))),
  );
  const plan = { profile: "stream", concurrency: 2, milliseconds: 100 } as const;
  const { events } = await loaded(options(gone, { plan }));
  expect(events.length).toBeGreaterThan(1);
  expect(events.every(({ ok }) => !ok)).toBe(true);
});

/** Whose request each was, in the order in which they came. */
function twoSides() {
  const order: string[] = [];
  const side = (name: string): Session => slow(async () => void order.push(name));
  return { order, candidate: side("a"), champion: side("b") };
}

test("two models take turns as the digests decide, and each gets the same load", async () => {
  const of = async (seed: string) => {
    const { order, candidate, champion } = twoSides();
    const fields = { champion, seed, warmupMilliseconds: 0, milliseconds: 400, ratePerSecond: 200 };
    const { load: own, championLoad } = await load(options(candidate, fields));
    return { order: order.join(""), own, other: championLoad! };
  };
  const { order, own, other } = await of("s");
  // 80 requests to each in 20 turns of 4.
  expect(order).toMatch(/^((aaaa(bbbb){2}aaaa)|(bbbb(aaaa){2}bbbb)){10}$/);
  expect(own.events.map(({ intended }) => intended)).toEqual(other.events.map(({ intended }) => intended));
  expect([own.events.length, own.blockMilliseconds]).toEqual([80, 20]);
  expect(own.events.every(({ intended, sent, done }) => sent >= intended && done >= sent)).toBe(true);
  expect((await of("s")).order).toBe(order);
  expect((await of("another")).order).not.toBe(order);
});

test("users who wait take turns, too; a recording does not", async () => {
  const { candidate, champion } = twoSides();
  const work = () => systemClock.until(performance.now() + 3, signal);
  const plan = { profile: "stream", concurrency: 2, milliseconds: 200 } as const;
  const both = await load(options(slow(work), { champion: slow(work), plan, warmupMilliseconds: 0 }));
  expect(Math.max(...both.load.events.map(({ intended }) => intended))).toBeLessThan(200);
  expect(new Set(both.championLoad!.events.map(({ intended }) => Math.floor(intended / 10))).size).toBe(20);
  const recording = { profile: "replay", times: [0, 1] } as const;
  expect((await load(options(candidate, { champion, plan: recording }))).championLoad).toBeNull();
});

test("a candidate whose slow answers take a fifth longer than the champion's is told from one like it", async () => {
  const server = (slowest: number) =>
    v2Server((request, count) => ({ ...thresholding(request, count), delay: count % 10 === 0 ? slowest : 5 }));
  await using champion = await server(150);
  await using slower = await server(180);
  await using like = await server(150);
  const judged = async (url: { endpoint: Parameters<typeof v2.connect>[0] }) => {
    const fields = { milliseconds: 1000, ratePerSecond: 200, warmupMilliseconds: 100, tightestBound: 10_000 };
    const sides = { champion: v2.connect(champion.endpoint, "m"), ...fields };
    const loads = await load(options(v2.connect(url.endpoint, "m"), sides));
    return verdict("latency.p95 <= champion * 1.1 @90%", loads);
  };
  const [late, same] = await Promise.all([judged(slower), judged(like)]);
  expect(late).toMatchObject({ status: "fail", method: "block-ratio" });
  expect(late.estimate).toBeGreaterThan(1.1);
  expect(same.status).toBe("pass");
});

test("what was read of a stream is kept, on the clock of the run", async () => {
  const session: Session = {
    ...slow(async () => undefined),
    prepare: () => ({
      async send() {
        const sent = performance.now();
        const stream = { arrivals: [sent + 2, sent + 5], tokens: 4, counted: true };
        return { outputs: {}, sent, done: sent + 6, stream };
      },
    }),
  };
  const { load: own, championLoad } = await load(
    options(session, { champion: session, milliseconds: 400, warmupMilliseconds: 0 }),
  );
  for (const { sent, stream } of [...own.events, ...championLoad!.events]) {
    expect(stream).toMatchObject({ tokens: 4, counted: true });
    expect(stream!.arrivals[0]! - sent).toBeCloseTo(2, 2);
    expect(stream!.arrivals[1]! - sent).toBeCloseTo(5, 2);
  }
});

test("the way to the endpoint is measured, and a server that does not answer has none", async () => {
  const far: Session = {
    ...slow(async () => undefined),
    async ready() {
      await systemClock.until(performance.now() + 10, signal);
      return { ready: true, detail: "" };
    },
  };
  const run = await loaded(options(far, { warmupMilliseconds: 0, milliseconds: 50 }));
  expect(run.floor).toBeGreaterThanOrEqual(9.9);
  expect(run.payloads).toBe(1);
  const deaf = { ...far, ready: () => Promise.reject(new Error("no answer")) };
  expect((await loaded(options(deaf, { warmupMilliseconds: 0, milliseconds: 50 }))).floor).toBeNull();
});
