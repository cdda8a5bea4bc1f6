import { describe, expect, test } from "vitest";
import type { SmokeOptions } from "../../../src/stages/smoke.ts";
import { smoke } from "../../../src/stages/smoke.ts";
import { type Answering, probabilities, thresholding, type V2Options, v2Server } from "../../fakes/v2-server.ts";
import { digest, failed, optionsFor, release, stepOf } from "./served.ts";

// The acceptance tests 7 and 8 of the gate specification (section 6), against servers that really misbehave.

const golden = (outputs: string): string => `{"id":"a","inputs":{"x":[[0.9]]},"expect":${outputs}}`;

describe("what a server answers wrongly is named", () => {
  const firstStep = async (answer: Answering, lines: string): Promise<string | undefined> => {
    await using server = await v2Server(answer, { digest });
    const report = await smoke(optionsFor(server, lines));
    expect(report.passed).toBe(false);
    return stepOf(report, "S4 a")?.detail;
  };

  test("NaN among the values", async () => {
    const nan: Answering = ({ id }) => ({ body: probabilities(id, ["NaN", 0.8]) });
    expect(await firstStep(nan, golden('{"p":[[0.2,0.8]]}'))).toMatch(/^p\[0\]\[0\] is NaN, and 0.2 is expected/);
  });

  test("an integer beyond 2^53 that is off by one", async () => {
    const body = (id: string | undefined) =>
      `{"id":"${id}","outputs":[{"name":"n","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}`;
    const integer: Answering = ({ id }) => ({ body: body(id) });
    expect(await firstStep(integer, golden('{"n":[9007199254740992]}'))).toBe(
      "n[0] is 9007199254740993, and 9007199254740992 is expected (1 value is out)",
    );
  });

  test("the answer to another request", async () => {
    const crossed: Answering = () => ({ body: probabilities("other", [0.2, 0.8]) });
    expect(await firstStep(crossed, golden('{"p":[[0.2,0.8]]}'))).toMatch(/another request: the id is "other", and a/);
  });

  test("half an answer", async () => {
    const half: Answering = ({ id }) => ({ body: probabilities(id, [0.2, 0.8]), cut: true });
    expect(await firstStep(half, golden('{"p":[[0.2,0.8]]}'))).toMatch(/the answer ended early/);
  });

  test("200 with an error in it", async () => {
    const error: Answering = () => ({ body: '{"error":"out of memory"}' });
    expect(await firstStep(error, golden('{"p":[[0.2,0.8]]}'))).toMatch(/says error: .*out of memory/);
  });
});

describe("a wrong shape", () => {
  const isWrongShape = (body: string): boolean => body.includes('"shape":[1,2]');
  const tested = async (refusal: NonNullable<V2Options["refusal"]>, options: Partial<SmokeOptions> = {}) => {
    await using server = await v2Server(thresholding, { digest, refusal });
    return await smoke({ ...optionsFor(server), ...options });
  };
  const kserve = (body: string) =>
    isWrongShape(body) ? { status: 500, body: '{"error":"InferenceError : wrong shape"}' } : {};

  test("that the server takes for its own failure, as KServe does, is a warning", async () => {
    const report = await tested(kserve);
    expect(report.passed).toBe(true);
    expect(stepOf(report, "S7 wrong shape")).toMatchObject({
      level: "advisory",
      ok: false,
      detail: 'answered 500, right is 400 or 422: {"error":"InferenceError : wrong shape"}',
    });
  });

  test("fails then where the configuration is strict", async () => {
    expect(failed(await tested(kserve, { strict: true }))).toEqual(["S7 wrong shape"]);
  });

  test("that is refused, but with another 4xx, is a warning also where it is strict", async () => {
    const report = await tested((body) => (isWrongShape(body) ? { status: 404, body: "" } : {}), { strict: true });
    expect([report.passed, stepOf(report, "S7 wrong shape")?.level]).toEqual([true, "advisory"]);
  });

  test("on which the server hangs fails, and what follows is tried", async () => {
    const report = await tested((body) => ({ hang: isWrongShape(body) }), { stepMilliseconds: 4000 });
    expect(failed(report)).toEqual(["S7 wrong shape"]);
    expect(stepOf(report, "S7 wrong shape")?.detail).toMatch(/^no answer: .*time for it ran out/);
    expect(stepOf(report, "S9 afterwards")?.ok).toBe(true);
  });

  test("after whose refusal the server crashes fails, and is blamed", async () => {
    let crash = (): PromiseLike<void> => Promise.resolve();
    const server = await v2Server(thresholding, {
      digest,
      refusal(body) {
        if (isWrongShape(body)) setImmediate(() => void crash());
        return {};
      },
    });
    crash = () => server[Symbol.asyncDispose]();
    const report = await smoke({ ...optionsFor(server), release });
    expect(report.passed).toBe(false);
    const blamed = report.steps.find(({ detail }) => /afterwards the server is gone/.test(detail));
    expect(blamed?.id).toBe("S7 wrong shape");
    expect(failed(report)).toContain("S9 afterwards");
  });
});
