import { expect, test } from "vitest";
import { checkOf, decide, withImplied } from "../../../src/domain/gate/decide.ts";
import type { LoadEvent, LoadRun } from "../../../src/domain/observations/observations.ts";
import { context, rightOrNot, wrongFirst } from "../gate/observed.ts";
import { runMetric } from "./named.ts";

/** An answer meant to leave at a time, with tokens at these times after it. */
const streamed = (intended: number, after: readonly number[], fields: Partial<LoadEvent> = {}): LoadEvent => ({
  intended,
  sent: intended + 1,
  done: intended + (after.at(-1) ?? 0) + 1,
  ok: true,
  stream: { arrivals: after.map((ms) => intended + ms), tokens: after.length, counted: true },
  ...fields,
});
const failed = (intended: number): LoadEvent => ({ intended, sent: intended, done: intended + 5, ok: false });
const whole = (intended: number): LoadEvent => ({ ...failed(intended), ok: true });
const run = (events: readonly LoadEvent[], goodput?: LoadRun["goodput"]): LoadRun => ({
  ...{ profile: "server", ratePerSecond: 10, events, inconclusive: null },
  ...(goodput && { goodput }),
});
const measure = (name: string, load: LoadRun, stat: string | null = null) => runMetric(name).compute(load, stat);

const two = run([streamed(0, [100, 130, 170]), streamed(1000, [300, 310, 500])]);

test("first token, time per token and gaps are of what was read, from the intended send", () => {
  expect([measure("ttft", two, "min"), measure("ttft", two, "max")]).toEqual([100, 300]);
  expect([measure("tpot", two, "min"), measure("tpot", two, "max")]).toEqual([35, 100]);
  expect(["p25", "p50", "p75", "max"].map((stat) => measure("itl", two, stat))).toEqual([10, 30, 40, 190]);
});

test("one event may carry several tokens", () => {
  const burst = streamed(0, [100, 200], { stream: { arrivals: [100, 200], tokens: 11, counted: true } });
  expect(measure("tpot", run([burst]), "p50")).toBe(10);
});

test.each(["ttft", "tpot", "itl"])("%s has no value when one answer was whole, or nothing is there", (name) => {
  const mixed = run([...two.events, whole(2000)]);
  expect(measure(name, mixed, "p95")).toEqual({ undefined: "no_stream" });
  const empty = streamed(0, [5], { stream: { arrivals: [], tokens: 0, counted: false } });
  expect(measure(name, run([empty]), "p95")).toEqual({ undefined: "no_stream" });
  expect(measure(name, run([failed(0)]), "p95")).toEqual({ undefined: "no_success" });
  expect(measure(name, run([]), "p95")).toEqual({ undefined: "no_success" });
  const observed = { ...rightOrNot(wrongFirst(50, 0), null), load: mixed };
  for (const text of [`${name}.p50 <= 10s`, `${name}.p50 <= 10s @95%`])
    expect(decide(checkOf(text), observed, context)).toMatchObject({ status: "inconclusive", reason: "no_stream" });
});

test("answers of one token have no time between tokens", () => {
  const single = run([streamed(0, [20])]);
  expect(measure("ttft", single, "p50")).toBe(20);
  expect(measure("tpot", single, "p50")).toEqual({ undefined: "one_token" });
  expect(measure("itl", single, "p50")).toEqual({ undefined: "one_token" });
});

test("a failed request counts against a bound of the first token", () => {
  const events = Array.from({ length: 400 }, (_, at) =>
    at % 20 === 0 ? failed(at * 10) : streamed(at * 10, [50, 60]),
  );
  const observed = { ...rightOrNot(wrongFirst(50, 0), null), load: run(events) };
  expect(decide(checkOf("ttft.p90 <= 100ms @95%"), observed, context)).toMatchObject({ status: "pass", n: 400 });
  expect(decide(checkOf("ttft.p99 <= 100ms @95%"), observed, context).status).toBe("fail");
  expect(decide(checkOf("ttft.p90 <= 10ms @95%"), observed, context).status).toBe("fail");
});

test("a gate on a stream's times brings a limit on failures", () => {
  const implied = (text: string) => withImplied([checkOf(text)]).map((check) => check.text);
  for (const text of ["ttft.p95 <= 1s", "tpot.p95 <= 1s", "itl.p95 <= 1s"])
    expect(implied(text)).toEqual([text, "error_rate <= 1%"]);
  expect(implied("goodput >= 10/s")).toEqual(["goodput >= 10/s"]);
});

test("goodput counts answers that hold every bound", () => {
  const all = { latency: null, ttft: null, tpot: null };
  const good = (bounds: Partial<NonNullable<LoadRun["goodput"]>>) =>
    measure("goodput", run([...two.events, failed(1501)], { ...all, ...bounds }));
  const seconds = 1.506;
  expect(good({ latency: 1000 })).toBeCloseTo(2 / seconds);
  expect(good({ latency: 200 })).toBeCloseTo(1 / seconds);
  expect(good({ latency: 1000, ttft: 99 })).toBe(0);
  expect(good({ ttft: 1000, tpot: 35 })).toBeCloseTo(1 / seconds);
  expect(measure("goodput", two)).toEqual({ undefined: "no_goodput" });
  expect(measure("goodput", run([whole(0)], { ...all, ttft: 10 }))).toEqual({ undefined: "no_stream" });
  // Without a bound on tokens an answer may come whole.
  expect(measure("goodput", run([whole(0)], { ...all, latency: 10 }))).toBeCloseTo(200);
});

test("goodput is judged over blocks of time", () => {
  const events = Array.from({ length: 1000 }, (_, at) => streamed(at * 10, [at % 2 === 0 ? 50 : 500]));
  const bounds = { latency: 100, ttft: null, tpot: null };
  const observed = { ...rightOrNot(wrongFirst(50, 0), null), load: run(events, bounds) };
  expect(decide(checkOf("goodput >= 40/s @95%"), observed, context)).toMatchObject({
    status: "pass",
    method: "batch-means-t",
  });
  expect(decide(checkOf("goodput >= 60/s @95%"), observed, context).status).toBe("fail");
});
