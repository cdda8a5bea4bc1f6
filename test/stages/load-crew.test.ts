import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { startCrew } from "../../src/adapters/system/threads.ts";
import { schedule } from "../../src/domain/schedule.ts";
import type { Crew, Sent } from "../../src/ports/crew.ts";
import type { Session } from "../../src/ports/protocol.ts";
import { sendOpen } from "../../src/stages/load/send.ts";
import { load } from "../../src/stages/load.ts";

// Threads as they are, each with its own connections to a real server.

const { signal } = new AbortController();
const threadFile = join(import.meta.dirname, "../fakes/load-thread.ts");
const limits = { timeoutMilliseconds: 5000, inFlight: 1000 };
const bodies = Array.from({ length: 7 }, (_, index) => ({
  x: { dtype: "float32" as const, shape: [1, 1], data: [index] },
}));

/** A server that keeps which row was asked, and answers when `answer` lets it. */
async function serving(answer: (asked: number) => Promise<boolean> | boolean = () => true) {
  const asked: number[] = [];
  const server = createServer((request, response) => {
    if (request.method === "GET") return void response.end("{}");
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const { id, inputs } = JSON.parse(body) as { id: string; inputs: { data: number[] }[] };
      asked.push(inputs[0]!.data[0]!);
      const sound = JSON.stringify({ id, outputs: [{ name: "p", datatype: "FP32", shape: [1], data: [1] }] });
      void Promise.resolve(answer(asked.length)).then((well) => (well ? response.end(sound) : response.destroy()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void (server.closeAllConnections(), server.close()));
  return { asked, endpoint: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, protocol: "v2" } };
}

type Serving = Awaited<ReturnType<typeof serving>>;

function crewFor({ endpoint }: Serving, threads: number, file = threadFile): Crew {
  const crew = startCrew(file, threads, { kind: "v2", endpoint, model: "m", options: {}, bodies, items: 1 });
  onTestFinished(() => crew[Symbol.asyncDispose]());
  return crew;
}

const never = (): null => null;

test.each([1, 2, 3])(
  "%i threads send each request once, at its own time, and each row as often as one would",
  async (threads) => {
    const server = await serving();
    const times = schedule("server", 500, 1000, "a");
    const { events, planned, unsent, stopped } = await crewFor(server, threads).send(times, limits, never, signal);
    expect([planned, unsent, stopped]).toEqual([times.length, 0, undefined]);
    expect(events.map(({ intended }) => intended).toSorted((a, b) => a - b)).toEqual(times);
    expect(events.every(({ ok, intended, sent, done }) => ok && sent >= intended && done >= sent)).toBe(true);
    const count = (rows: number[]) => bodies.map((_, row) => rows.filter((one) => one === row).length);
    expect(count(server.asked)).toEqual(count(times.map((_, index) => index % bodies.length)));
  },
);

test("a crew is used again, with another schedule", async () => {
  const server = await serving();
  const crew = crewFor(server, 2);
  for (const rate of [100, 300]) {
    const times = schedule("constant", rate, 300, "b");
    expect((await crew.send(times, limits, never, signal)).events).toHaveLength(times.length);
  }
});

test("no thread has more than its share in flight, and what was not sent is counted", async () => {
  let open = 0;
  let most = 0;
  const release = Promise.withResolvers<void>();
  const server = await serving(async () => {
    most = Math.max(most, ++open);
    await release.promise;
    open--;
    return true;
  });
  const look = ({ due }: { due: number }): null => (due >= 150 && release.resolve(), null);
  const times = schedule("constant", 500, 400, "c");
  const sent = await crewFor(server, 2).send(times, { ...limits, inFlight: 20 }, look, signal);
  expect(most).toBe(20);
  expect(sent.unsent).toBeGreaterThan(100);
  expect(sent.unsent + sent.events.length).toBe(times.length);
});

test("what was seen by all of them can end the run, and what still waits is given up", async () => {
  const server = await serving(() => new Promise(() => undefined));
  const times = schedule("constant", 200, 60_000, "d");
  const sent = await sendOpen(
    times,
    { calls: [], items: 1, crew: crewFor(server, 2) },
    { ...limits, clock: systemClock, signal },
    () => undefined,
    (events, flying) => (flying > 50 ? `${events.length} of ${flying}` : null),
  );
  expect(sent.stopped).toMatch(/^0 of \d+$/);
  expect(sent.events).toEqual([]);
});

test("who aborts gets the own reason back at once, and the threads end", async () => {
  const controller = new AbortController();
  const server = await serving((count) => (count === 20 && controller.abort(new Error("enough")), true));
  const crew = crewFor(server, 2);
  await expect(crew.send(schedule("constant", 200, 60_000, "e"), limits, never, controller.signal)).rejects.toThrow(
    "enough",
  );
  await crew[Symbol.asyncDispose]();
  const { length } = server.asked;
  await systemClock.until(systemClock.monotonic() + 100, signal);
  expect(server.asked).toHaveLength(length);
});

test("requests that fail are failed requests", async () => {
  const server = await serving((count) => count % 2 === 0);
  const { events } = await crewFor(server, 2).send(schedule("constant", 100, 400, "f"), limits, never, signal);
  expect(events.filter(({ ok }) => !ok)).toHaveLength(20);
});

test("a thread that cannot be started fails the run with its reason", async () => {
  const server = await serving();
  const crew = crewFor(server, 2, join(import.meta.dirname, "no-such-thread.ts"));
  await expect(crew.send([1, 2], limits, never, signal)).rejects.toThrow("no-such-thread.ts");
});

test("above 2,000 a second a load is sent by threads, and below by this one", async () => {
  const hired: number[] = [];
  const sends: number[] = [];
  const left: string[] = [];
  const crew: Crew = {
    async send(times): Promise<Sent> {
      sends.push(times.length);
      const events = times.map((at) => ({ intended: at, sent: at, done: at + 1, ok: true }));
      return { events, planned: times.length, unsent: 0 };
    },
    [Symbol.asyncDispose]: async () => void left.push("left"),
  };
  const server = await serving();
  const session: Session = { ...v2.connect(server.endpoint, "m"), hire: (_, threads) => (hired.push(threads), crew) };
  const put = (ratePerSecond: number) =>
    load({
      plan: { profile: "constant", ratePerSecond, milliseconds: 100 },
      ...{ allowClosed: false, goodput: null, findMax: null, warmupMilliseconds: 20, timeoutMilliseconds: 5000 },
      ...{ tightestBound: null, seed: "g", session, champion: null, inputs: bodies, clock: systemClock, signal },
      progress: () => undefined,
    });
  expect((await put(2000)).load.events.length).toBeGreaterThan(0);
  expect([hired, sends]).toEqual([[], []]);
  expect((await put(5000)).load.events).toHaveLength(500);
  expect([hired, sends, left]).toEqual([[3], [25, 500], ["left"]]);
  session.hire = () => null;
  expect((await put(2500)).load.events).toHaveLength(250);
});
