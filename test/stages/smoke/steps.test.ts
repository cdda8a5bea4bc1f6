import { describe, expect, test } from "vitest";
import { v2 } from "../../../src/adapters/protocols/v2.ts";
import type { Endpoint } from "../../../src/domain/release.ts";
import { isWell } from "../../../src/domain/smoke.ts";
import type { Vitals } from "../../../src/ports/platform.ts";
import type { Protocol } from "../../../src/ports/protocol.ts";
import { type SmokeOptions, smoke } from "../../../src/stages/smoke.ts";
import { fakePlatform } from "../../fakes/platform.ts";
import {
  type Answering,
  probabilities,
  thresholding,
  type V2Options,
  type V2Server,
  v2Server,
} from "../../fakes/v2-server.ts";
import { digest, failed, optionsFor, release, stepOf } from "./served.ts";

const withoutFaults = { ...v2, faults: () => [] };
const report = (server: V2Server, options: Partial<SmokeOptions> = {}) =>
  smoke({ ...optionsFor(server), protocol: withoutFaults, ...options });
const serving = (answer: Answering) => v2Server(answer, { digest });

/** Answers requests of one row as the model, and larger ones otherwise. */
const batching =
  (batch: (rows: number[], id: string | undefined) => string): Answering =>
  (request, count) => {
    const { data } = request.inputs[0]!;
    return data.length === 1 ? thresholding(request, count) : { body: batch(data, request.id) };
  };

describe("parity with the same image on this machine", () => {
  const beside = async (here: Answering, staging: Answering) => {
    await using server = await serving(staging);
    await using other = await serving(here);
    const platform = { ...fakePlatform(), removed: 0 };
    const removing = platform.remove;
    const runner = {
      platform: {
        ...platform,
        async deploy(...words: Parameters<typeof platform.deploy>) {
          const deployment = await platform.deploy(...words);
          return { ...deployment, running: { ...deployment.running, endpoint: other.endpoint } };
        },
        async remove(signal: AbortSignal) {
          platform.removed++;
          await removing(signal);
        },
      },
      protocol: () => v2,
    };
    const steps = await report(server, { runner });
    return { step: stepOf(steps, "S5 parity")!, deployed: platform.deployed, removed: platform.removed };
  };

  test("is given when both answer the same, and the second place is cleared", async () => {
    const { step, deployed, removed } = await beside(thresholding, thresholding);
    expect(step).toMatchObject({ ok: true, level: "required", detail: expect.stringContaining("2 golden") as unknown });
    expect([deployed, removed]).toEqual([[release.image.digest], 1]);
  });

  test("fails where staging differs, though within what the golden request allows", async () => {
    const near: Answering = ({ id, inputs }) => ({
      body: probabilities(id, inputs[0]!.data[0]! >= 0.5 ? [0.2, 0.8] : [0.45, 0.55]),
    });
    const { step, removed } = await beside(near, thresholding);
    expect(step).toMatchObject({ ok: false, level: "required" });
    expect(step.detail).toMatch(/staging does not answer b as the same image on this machine: p\[0\]\[0\] is 0.7/);
    expect(removed).toBe(1);
  });

  test("fails when the release does not start here", async () => {
    await using server = await serving(thresholding);
    const platform = fakePlatform();
    platform.neverReady.add(release.image.digest);
    const steps = await report(server, { runner: { platform, protocol: () => v2 } });
    expect(failed(steps)).toEqual(["S5 parity"]);
  });

  test("is skipped with the reason, which is neither a pass nor a failure", async () => {
    await using server = await serving(thresholding);
    const steps = await report(server, { runner: { skipped: "staging runs on this machine already" } });
    expect(stepOf(steps, "S5 parity")).toMatchObject({
      level: "skipped",
      ok: false,
      detail: "staging runs on this machine already",
    });
    expect(steps.passed).toBe(true);
  });
});

describe("a batch", () => {
  const batched = async (batch: Parameters<typeof batching>[0], lines?: string) => {
    await using server = await serving(batching(batch));
    return stepOf(await smoke({ ...optionsFor(server, lines), protocol: withoutFaults }), "S6 batch")!;
  };
  const rowsOf = (data: readonly number[]): number[] => data.flatMap((x) => (x >= 0.5 ? [0.2, 0.8] : [0.7, 0.3]));

  test("is answered as each request by itself", async () => {
    expect(await batched((data, id) => probabilities(id, rowsOf(data), data.length))).toMatchObject({
      ok: true,
      detail: "a batch of 2 is answered as each by itself, in order",
    });
  });

  test("in another order is told so", async () => {
    const step = await batched((data, id) => probabilities(id, rowsOf(data.toReversed()), data.length));
    expect([step.ok, step.detail]).toEqual([
      false,
      "in a batch of 2, a is answered as b is by itself: the order is not kept",
    ]);
  });

  test("with other values names the request and the value", async () => {
    const step = await batched((data, id) => probabilities(id, [0.2, 0.8, 0.6, 0.4], data.length));
    expect(step.detail).toMatch(/^in a batch of 2, b is answered unlike by itself: p\[0\]\[1\] is 0.4, and 0.3/);
  });

  test("of which only the first row is answered fails", async () => {
    expect(await batched((_, id) => probabilities(id, [0.2, 0.8]))).toMatchObject({
      ok: false,
      detail: "p has 1 rows for 2 rows sent",
    });
  });

  test("is skipped where the model takes one row at a time", async () => {
    await using server = await serving(thresholding);
    const one = { ...release.model, inputs: [{ ...release.model.inputs[0]!, shape: [1, 1] }] };
    const steps = await report(server, { release: { ...release, model: one } });
    expect(stepOf(steps, "S6 batch")).toMatchObject({
      level: "skipped",
      detail: expect.stringMatching(/fixed/) as unknown,
    });
  });
});

describe("many clients", () => {
  test("ask eighty times, with unlike requests under way together", async () => {
    const active = { now: 0, most: 0 };
    await using server = await serving((request, count) => {
      active.most = Math.max(active.most, ++active.now);
      setImmediate(() => active.now--);
      return thresholding(request, count);
    });
    const before = await report(server);
    expect(stepOf(before, "S8 concurrency")).toMatchObject({
      ok: true,
      detail: "80 answers to 8 clients at the same time, all right",
    });
    expect(active.most).toBeGreaterThan(1);
  });

  test("whose answers are crossed are told whose answer came", async () => {
    // Two requests at a time get each other's answers, with the ids that were asked for.
    let held: { request: Parameters<Answering>[0] } | null = null;
    let apart = 0;
    await using server = await serving((request, count) => {
      if (request.inputs[0]!.data.length > 1 || count <= 8) return thresholding(request, count);
      const other = held?.request;
      held = { request };
      if (!other || other.id === request.id) return thresholding(request, count);
      apart++;
      return { body: JSON.stringify({ ...JSON.parse(thresholding(other, count).body!), id: request.id }) };
    });
    const step = stepOf(await report(server), "S8 concurrency")!;
    expect(apart).toBeGreaterThan(0);
    expect(step.ok).toBe(false);
    expect(step.detail).toMatch(/clients are wrong; [ab] got the answer that belongs to [ab]: answers are crossed/);
  });

  test("of a server that fails under load fail, and a hanging one is asked once by each", async () => {
    let hung = 0;
    await using server = await serving((request, count) => {
      if (count <= 10) return thresholding(request, count);
      hung++;
      return { hang: true };
    });
    const steps = await report(server, { stepMilliseconds: 300 });
    expect(stepOf(steps, "S8 concurrency")?.detail).toMatch(
      /of \d+ answers with 8 clients are wrong; .*time for it ran out/,
    );
    expect(hung).toBeLessThanOrEqual(10);
  });
});

describe("afterwards", () => {
  const after = async (...seen: (Vitals | null)[]) => {
    await using server = await serving(thresholding);
    const steps = await report(server, { vitals: async () => seen.shift() ?? null });
    return stepOf(steps, "S9 afterwards")!;
  };
  const mebibytes = (count: number): number => count * 2 ** 20;

  test("it was never restarted, and how its memory grew is said", async () => {
    const step = await after(
      { restarts: 0, memoryBytes: mebibytes(100) },
      { restarts: 0, memoryBytes: mebibytes(112.5) },
    );
    expect(step.ok).toBe(true);
    expect(step.detail).toMatch(/never restarted; it takes 112.5 MiB of memory, 12.5 MiB more than before the test$/);
  });

  test("a restart fails", async () => {
    const step = await after({ restarts: 0, memoryBytes: null }, { restarts: 1, memoryBytes: null });
    expect([step.ok, step.detail]).toEqual([false, expect.stringMatching(/restarted it 1 time since/) as unknown]);
  });

  test.each<[string, (Vitals | null)[], RegExp]>([
    [
      "restarts",
      [null, { restarts: null, memoryBytes: mebibytes(1) }],
      /not say whether it was restarted; it takes 1.0 MiB of memory$/,
    ],
    [
      "memory",
      [null, { restarts: 0, memoryBytes: null }],
      /never restarted; the platform does not say how much memory/,
    ],
    ["anything", [null, null], /does not say whether it was restarted$/],
  ])("a platform that cannot say %s is said to be so", async (_what, seen, text) => {
    expect(await after(...seen)).toMatchObject({ ok: true, detail: expect.stringMatching(text) as unknown });
  });

  test("a platform without the ability is not asked", async () => {
    await using server = await serving(thresholding);
    expect(isWell((await report(server, { vitals: undefined })).steps)).toBe(true);
  });
});

describe("a stranger", () => {
  const path = "/key";
  const below = (endpoint: Endpoint): Endpoint => ({ ...endpoint, url: `${endpoint.url}${path}` });
  const known: Protocol = { ...withoutFaults, connect: (endpoint, model) => v2.connect(below(endpoint), model) };
  const asStranger = async (options: V2Options) => {
    await using server = await v2Server(thresholding, { digest, ...options });
    return stepOf(await report(server, { protocol: options.guard ? known : withoutFaults, stranger: v2 }), "S10 auth")!;
  };

  test.each([401, 403])("is refused with %s", async (status) => {
    expect(await asStranger({ guard: { path, status } })).toMatchObject({
      ok: true,
      detail: `refused with ${status} without credentials`,
    });
  });

  test("whose connection is refused was told no", async () => {
    await using server = await v2Server(thresholding, { digest, guard: { path, status: 401 } });
    const refused = {
      ...v2,
      badRequest: () => ({ id: "own", right: [], send: async () => ({ status: 0, body: "TLS" }) }),
    };
    expect(stepOf(await report(server, { protocol: known, stranger: refused }), "S10 auth")).toMatchObject({
      ok: true,
      detail: "the connection is refused without credentials",
    });
  });

  test("who is answered fails the test", async () => {
    expect(await asStranger({})).toMatchObject({
      level: "required",
      ok: false,
      detail: "a golden request without credentials is answered: anyone can ask the model",
    });
  });

  test("who is refused for another reason fails it too", async () => {
    expect(await asStranger({ guard: { path, status: 500 } })).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/answered 500, right is 401 or 403: .*who are you/) as unknown,
    });
  });

  test("is not tried where no credentials are configured", async () => {
    await using server = await serving(thresholding);
    expect(stepOf(await report(server), "S10 auth")).toMatchObject({ level: "skipped" });
  });
});
