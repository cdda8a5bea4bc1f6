import { describe, expect, test } from "vitest";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { sha256 } from "../../src/domain/digest.ts";
import type { Endpoint } from "../../src/domain/release.ts";
import type { SmokeReport, SmokeStep } from "../../src/domain/smoke.ts";
import { zeros } from "../../src/domain/values.ts";
import { recordGoldens, smoke } from "../../src/stages/smoke.ts";
import { probabilities, thresholding, v2Server } from "../fakes/v2-server.ts";
import { clock, digest, failed, optionsFor, release, run, signal, sound } from "./smoke/served.ts";

test("a sound server passes every step", async () => {
  await using server = await v2Server(thresholding, { digest });
  const report = await run(server);
  expect(failed(report)).toEqual([]);
  expect(report.passed).toBe(true);
  expect(new Set(report.steps.map(({ id }) => id.split(" ")[0]))).toEqual(
    new Set(["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10"]),
  );
});

test("no golden request is a failure that says how to record some", async () => {
  await using server = await v2Server(thresholding, { digest });
  await expect(run(server, "")).rejects.toMatchObject({
    problems: [{ code: "smoke.no-golden", hint: expect.stringContaining("--record") as unknown }],
  });
});

describe("readiness", () => {
  const readyAs = async (answers: (asked: number) => boolean, readyMilliseconds = 600_000) => {
    let asked = 0;
    const waits: number[] = [];
    await using server = await v2Server(thresholding, { digest, ready: () => answers(++asked) });
    const noting = { ...clock, monotonic: () => 0, until: async (at: number) => void waits.push(at) };
    const report = await smoke({ ...optionsFor(server), clock: noting, readyMilliseconds });
    return { step: report.steps.find(({ id }) => id === "S2 ready"), waits };
  };

  test("is asked three times in a row, a second apart", async () => {
    const { step, waits } = await readyAs(() => true);
    expect([step?.ok, waits]).toEqual([true, [1000, 1000]]);
  });

  test("is waited for, ever more patiently, and counted from the start when it is lost again", async () => {
    // The first answer is that of S1.
    const { step, waits } = await readyAs((asked) => asked === 1 || (asked > 5 && asked !== 7));
    expect(step).toMatchObject({ ok: true });
    expect(waits).toEqual([2000, 3000, 4500, 6750, 1000, 10_000, 1000, 1000]);
  });

  test("that never comes fails, with what the server said", async () => {
    const { step } = await readyAs(() => false, 20_000);
    expect(step).toMatchObject({ ok: false, detail: expect.stringMatching(/not ready after 16 s: .*503/) as unknown });
  });

  test("lost after the bad requests fails", async () => {
    let shot = false;
    await using server = await v2Server(thresholding, { digest, ready: () => !shot });
    const protocol = {
      ...v2,
      faults: () => [
        {
          id: "deadly",
          right: [400],
          async send() {
            shot = true;
            return { status: 400, body: "" };
          },
        },
      ],
    };
    const report = await smoke({ ...optionsFor(server), protocol });
    expect(failed(report)).toEqual(["S7 deadly", "S9 afterwards"]);
    expect(report.steps.find(({ id }) => id === "S7 deadly")?.detail).toMatch(/^answered 400; afterwards .*not ready/);
  });
});

test("another model in the server's memory, or on the platform, is noticed", async () => {
  await using server = await v2Server(thresholding, { digest: sha256("other") });
  expect(failed(await run(server))).toEqual(["S3 metadata"]);
  await using right = await v2Server(thresholding, { digest });
  expect(failed(await run(right, sound, { modelDigest: sha256("tampered") }))).toEqual(["S3 metadata"]);
});

test("a golden answer off by more than the tolerance names index, got and want", async () => {
  await using server = await v2Server(({ id }) => ({ body: probabilities(id, [0.25, 0.75]) }), { digest });
  const step = (await run(server)).steps.find(({ id }) => id === "S4 a");
  expect(step).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/p\[0\]\[0\] is 0.25, and 0.2 is expected/) as unknown,
  });
});

test("an answer that differs the second time fails", async () => {
  await using server = await v2Server(
    ({ id }, count) => ({ body: probabilities(id, count % 2 === 1 ? [0.2, 0.8] : [0.3, 0.7]) }),
    { digest },
  );
  expect((await run(server)).steps.find(({ id }) => id === "S4 a")?.detail).toMatch(/second time/);
});

describe("a bad request", () => {
  const withAnswer = async (status: number, body = ""): Promise<SmokeReport> => {
    await using server = await v2Server(thresholding, { digest });
    const protocol = { ...v2, faults: () => [{ id: "odd", right: [400], send: async () => ({ status, body }) }] };
    return await smoke({ ...optionsFor(server), protocol });
  };
  const stepOf = (report: SmokeReport): SmokeStep => report.steps.find(({ id }) => id === "S7 odd")!;

  test("that is refused with the right status is well", async () => {
    expect(stepOf(await withAnswer(400, '{"error":"the shape is wrong"}'))).toMatchObject({
      level: "required",
      ok: true,
      detail: "answered 400",
    });
  });

  test("that is taken for a good one fails", async () => {
    expect(failed(await withAnswer(200))).toEqual(["S7 odd"]);
  });

  test("that is answered with 500 is a warning, with what was said", async () => {
    const report = await withAnswer(500, "InferenceError:\n wrong shape");
    expect(report.passed).toBe(true);
    expect(stepOf(report)).toMatchObject({
      level: "advisory",
      ok: false,
      detail: "answered 500, right is 400: InferenceError: wrong shape",
    });
  });

  test.each([
    '{"error":"Traceback (most recent call last):\\n  File \\"/srv/app.py\\", line 3"}',
    '{"error_code":"BAD_REQUEST","stack_trace":"..."}',
    "Error: no\n    at infer (/srv/server.js:10:3)",
  ])("that shows the inside of the server is a warning: %s", async (body) => {
    const report = await withAnswer(400, body);
    expect([report.passed, stepOf(report).ok]).toEqual([true, false]);
    expect(stepOf(report).detail).toMatch(/stack trace/);
  });

  test("that gets no answer fails, and the server is tried afterwards all the same", async () => {
    await using server = await v2Server(thresholding, { digest });
    await using deaf = await v2Server(() => ({ hang: true }), { digest });
    const protocol = {
      ...v2,
      faults: (_endpoint: Endpoint, model: string) => [
        v2.badRequest(deaf.endpoint, model, {
          id: "deadly",
          body: '{"inputs":[{"shape":[1,1],"data":[1]}]}',
          status: [400],
        }),
      ],
    };
    const report = await smoke({ ...optionsFor(server), protocol, stepMilliseconds: 300 });
    expect(failed(report)).toEqual(["S7 deadly"]);
    expect(report.steps.find(({ id }) => id === "S7 deadly")?.detail).toMatch(/^no answer: .*time for it ran out/);
    expect(report.steps.at(-1)).toMatchObject({ id: "S9 afterwards", ok: true });
  });

  test("after which the server is gone fails what follows", async () => {
    const server = await v2Server(thresholding, { digest });
    const protocol = {
      ...v2,
      faults: () => [
        {
          id: "deadly",
          right: [400],
          async send() {
            await server[Symbol.asyncDispose]();
            return { status: 400, body: "" };
          },
        },
      ],
    };
    const report = await smoke({ ...optionsFor(server), protocol });
    expect(failed(report)).toEqual(["S7 deadly", "S8 concurrency", "S9 afterwards"]);
    expect(report.steps.find(({ id }) => id === "S7 deadly")?.detail).toMatch(/afterwards the server is gone/);
  });

  test("of the user's own must be answered with one of its statuses", async () => {
    await using server = await v2Server(thresholding, { digest });
    const own = (status: number) =>
      `${sound}\n{"id":"no-inputs","request":{"inputs":[]},"status":${status}}\n{"id":"half","request":"{","status":[400]}`;
    expect((await run(server, own(400))).passed).toBe(true);
    expect(failed(await run(server, own(422)))).toEqual(["S7 no-inputs"]);
  });

  test("does not stand for a golden one", async () => {
    await using server = await v2Server(thresholding, { digest });
    await expect(run(server, '{"id":"half","request":"{","status":400}')).rejects.toThrow(/no golden requests/);
  });
});

test("a server that does not answer golden requests fails in time, and is asked nothing more", async () => {
  await using server = await v2Server(() => ({ hang: true }), { digest });
  const report = await smoke({ ...optionsFor(server), stepMilliseconds: 200 });
  expect(failed(report)).toEqual(["S4 a", "S4 b"]);
  expect(report.steps.find(({ id }) => id === "S4 a")?.detail).toMatch(/the time for it ran out/);
  expect(report.steps.at(-1)?.id).toBe("S4 b");
});

test("nothing listening ends the test at its first step", async () => {
  const server = await v2Server(thresholding, { digest });
  await server[Symbol.asyncDispose]();
  const { steps, passed } = await run(server);
  expect([passed, steps.map(({ id }) => id)]).toEqual([false, ["S1 reachable"]]);
});

test("every step says how long it took, and the report is JSON", async () => {
  await using server = await v2Server(thresholding, { digest });
  const report = await run(server);
  expect(report.steps.every(({ took }) => Number.isInteger(took) && took >= 0)).toBe(true);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test("an answer with NaN is not recorded as what is right", async () => {
  await using server = await v2Server(({ id }) => ({ body: probabilities(id, ["NaN", 1]) }), { digest });
  await expect(recordGoldens(optionsFor(server), [{ id: "r", inputs: zeros(release.model.inputs) }])).rejects.toThrow(
    /the answer to r holds NaN in p/,
  );
});

test("recorded golden requests pass against what they were recorded from", async () => {
  await using server = await v2Server(thresholding, { digest });
  const running = { image: release.image, modelDigest: digest, endpoint: server.endpoint };
  const lines = await recordGoldens({ release, running, protocol: v2, clock, signal }, [
    { id: "r", inputs: { x: { dtype: "float32", shape: [1, 1], data: [0.7] } } },
  ]);
  expect(lines.join("\n")).toContain(release.image.digest);
  expect((await run(server, lines.join("\n"))).passed).toBe(true);
});
