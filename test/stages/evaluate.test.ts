import { describe, expect, test } from "vitest";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { evaluationFromJson, evaluationToJson } from "../../src/domain/evaluation.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { Running } from "../../src/domain/release.ts";
import type { Row } from "../../src/ports/dataset.ts";
import { type EvaluateOptions, evaluate } from "../../src/stages/evaluate.ts";
import { identify } from "../../src/stages/rows.ts";
import { rowsOf } from "../fakes/rows.ts";
import { type Answering, probabilities, thresholding, type V2Server, v2Server } from "../fakes/v2-server.ts";

const { signal } = new AbortController();
const image = { repository: "r.example/m", digest: sha256("candidate") };
const champion = { repository: "r.example/m", digest: sha256("champion") };
const running: Running = { image, modelDigest: sha256("model"), endpoint: { url: "", protocol: "v2" } };

const rows: Row[] = Array.from({ length: 40 }, (_, index) => ({
  id: `r${index}`,
  line: index + 2,
  inputs: { x: { dtype: "float32", shape: [1, 1], data: [index / 40] } },
  label: index >= 20 ? "yes" : "no",
  group: null,
  partner: null,
  slices: { half: index % 2 === 0 ? "even" : "odd" },
}));

const files = () => {
  const written: string[] = [];
  return {
    written,
    port: {
      path: (name: string) => name,
      async write(name: string, lines: Iterable<string> | AsyncIterable<string>) {
        for await (const line of lines) written.push(line);
        return { path: name, digest: sha256(written.join("\n")) };
      },
    },
  };
};

const optionsFor = (server: V2Server, fields: Partial<EvaluateOptions> = {}): EvaluateOptions => ({
  rows: rowsOf(rows),
  identity: identify(rows),
  file: "data.csv",
  plan: { task: "binary", classes: ["no", "yes"], output: null, threshold: 0.5 },
  candidate: { session: v2.connect(server.endpoint, "m"), image },
  champion: null,
  concurrency: 8,
  failedRows: { policy: "error", maxShare: null },
  running: async () => running,
  files: files().port,
  clock: systemClock,
  signal,
  progress: () => undefined,
  warn: () => undefined,
  ...fields,
});

const codes = async (work: Promise<unknown>): Promise<string[]> => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error.problems.map(({ code }) => code);
  throw new Error("expected a user's error", { cause: error });
};

test("every row is asked once, and answers stand beside their truth", async () => {
  await using server = await v2Server(thresholding);
  const { port, written } = files();
  const found = await evaluate(optionsFor(server, { files: port }));
  expect(server.requests()).toBe(rows.length);
  expect(found.observations).toMatchObject({ championState: "none", champion: null, failedRows: 0 });
  expect([...found.observations.truth]).toEqual(rows.map(({ label }) => (label === "yes" ? 1 : 0)));
  const { candidate } = found.observations;
  expect(candidate.task === "binary" && [...candidate.labels]).toEqual([...found.observations.truth]);
  expect(written.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(rows.map(({ id }) => id));
});

test("labels and slices are never sent", async () => {
  const seen: unknown[] = [];
  await using server = await v2Server((request, count) => {
    seen.push(request);
    return thresholding(request, count);
  });
  await evaluate(optionsFor(server));
  expect(JSON.stringify(seen)).not.toMatch(/yes|even|odd|half/);
});

test("the champion is asked the same rows, and rows it had right are named when they flip", async () => {
  const wrong: Answering = ({ id }) => ({ body: probabilities(id, [0.9, 0.1]) });
  await using server = await v2Server(wrong);
  await using other = await v2Server(thresholding);
  const found = await evaluate(
    optionsFor(server, { champion: { session: v2.connect(other.endpoint, "m"), image: champion } }),
  );
  expect(other.requests()).toBe(rows.length);
  expect(found.champion.image).toEqual(champion);
  expect(found.flips).toMatchObject({
    count: 20,
    rows: expect.arrayContaining([{ id: "r20", label: "yes", candidate: "no", champion: "yes" }]) as unknown,
  });
});

test("an evaluation is read back from JSON as it was", async () => {
  await using server = await v2Server(thresholding);
  const found = await evaluate(optionsFor(server));
  const again = (evaluation: typeof found) =>
    evaluationFromJson(JSON.parse(JSON.stringify(evaluationToJson(evaluation))) as never);
  expect(again(found)).toEqual(found);
  const baseline = found.observations.candidate;
  const compared = { ...found, observations: { ...found.observations, baseline } };
  expect(again(compared)).toEqual(compared);
});

describe("rows without a usable answer are never left out silently", () => {
  test.each<[string, Answering]>([
    ["NaN", ({ id }) => ({ body: probabilities(id, ["NaN", 0.5]) })],
    ["500", () => ({ status: 500, body: "{}" })],
    ["too many classes", ({ id }) => ({ body: probabilities(id, [0.2, 0.3, 0.5]) })],
    ["another request's answer", () => ({ body: probabilities("other", [1, 0]) })],
  ])("%s", async (_title, answer) => {
    await using server = await v2Server((request, count) =>
      request.id === "r3" ? answer(request, count) : thresholding(request, count),
    );
    const found = await evaluate(optionsFor(server));
    expect(found.observations.failedRows).toBe(1);
    expect(found.observations.truth).toHaveLength(rows.length - 1);
  });

  test("they count as wrong when the policy says so", async () => {
    await using server = await v2Server((request, count) =>
      request.id === "r3" ? { status: 500, body: "{}" } : thresholding(request, count),
    );
    const found = await evaluate(optionsFor(server, { failedRows: { policy: "wrong", maxShare: null } }));
    const { candidate, truth, failedRows } = found.observations;
    expect([failedRows, truth.length]).toEqual([0, rows.length]);
    expect(
      candidate.task === "binary" && candidate.labels.filter((label, index) => label !== truth[index]),
    ).toHaveLength(1);
  });

  const twoFail: Answering = (request, count) =>
    ["r3", "r4"].includes(request.id!) ? { status: 500, body: "{}" } : thresholding(request, count);
  const exclude = async (maxShare: number | null, fields: Partial<EvaluateOptions> = {}) => {
    await using server = await v2Server(twoFail);
    return await evaluate(optionsFor(server, { failedRows: { policy: "exclude", maxShare }, ...fields }));
  };

  test("they are left out up to the share the policy allows, counted, and no further", async () => {
    const tolerated = await exclude(0.05);
    expect([tolerated.observations.failedRows, tolerated.leftOut]).toEqual([0, 2]);
    expect(evaluationFromJson(JSON.parse(JSON.stringify(evaluationToJson(tolerated))) as never)).toEqual(tolerated);
    const beyond = await exclude(0.01);
    expect([beyond.observations.failedRows, beyond.leftOut]).toEqual([2, 0]);
  });

  test("half a percent is left out when the policy does not say how much", async () => {
    expect((await exclude(null)).observations.failedRows).toBe(2);
    const many = Array.from({ length: 10 }, (_, copy) =>
      rows.map((row) => ({ ...row, id: copy ? `${copy}-${row.id}` : row.id })),
    );
    const found = await exclude(null, { rows: rowsOf(many.flat()), identity: identify(many.flat()) });
    expect([found.observations.failedRows, found.leftOut]).toEqual([0, 2]);
  });

  test("evidence whose rows are not as many as it says is not read", async () => {
    const body = JSON.parse(JSON.stringify(evaluationToJson(await exclude(0.05)))) as Record<string, unknown>;
    expect(() => evaluationFromJson({ ...body, leftOut: 0 } as never)).toThrow(/rows are not as many/);
    expect(() => evaluationFromJson({ ...body, leftOut: -1 } as never)).toThrow(/rows are not as many/);
  });
});

describe("a row is asked again", () => {
  const once = async (answer: Answering) => {
    const waits: number[] = [];
    let elapsed = 0;
    const clock = {
      ...systemClock,
      monotonic: () => elapsed,
      async until(at: number) {
        waits.push(at - elapsed);
        elapsed = at;
      },
    };
    await using server = await v2Server(answer);
    const found = await evaluate(
      optionsFor(server, { rows: rowsOf(rows.slice(0, 1)), identity: identify(rows.slice(0, 1)), clock }),
    );
    return { failed: found.observations.failedRows, waits, requests: server.requests() };
  };
  const busy =
    (times: number, status: number, headers?: Record<string, string>): Answering =>
    (request, count) =>
      count <= times ? { status, body: "{}", ...(headers && { headers }) } : thresholding(request, count);

  test.each([429, 502, 503, 504])("after %i, twice, and then it counts", async (status) => {
    const { failed, waits, requests } = await once(busy(2, status));
    expect([failed, requests]).toEqual([0, 3]);
    expect(waits[0]).toBeGreaterThanOrEqual(375);
    expect(waits[0]).toBeLessThanOrEqual(625);
    expect(waits[1]).toBeGreaterThanOrEqual(750);
  });

  test("three times and no more", async () => {
    expect(await once(busy(9, 503))).toMatchObject({ failed: 1, requests: 4 });
  });

  test("as late as the server asks for", async () => {
    expect((await once(busy(1, 503, { "retry-after": "7" }))).waits).toEqual([7000]);
    expect(await once(busy(1, 503, { "retry-after": "3600" }))).toMatchObject({ failed: 1, requests: 1 });
  });

  test("when the connection broke", async () => {
    expect(
      await once((request, count) => (count === 1 ? { reset: true } : thresholding(request, count))),
    ).toMatchObject({
      failed: 0,
    });
  });

  test.each([400, 404, 500, 501])("not after %i", async (status) => {
    expect(await once(busy(1, status))).toMatchObject({ failed: 1, requests: 1, waits: [] });
  });
});

describe("what is served", () => {
  const warnings = async (answer: Answering, fields: Partial<EvaluateOptions> = {}) => {
    const told: string[] = [];
    await using server = await v2Server(answer);
    const warn: EvaluateOptions["warn"] = ({ message }) => void told.push(message);
    const { observations } = await evaluate(optionsFor(server, { warn, ...fields }));
    return { told, candidate: observations.candidate };
  };

  test("as probabilities is kept as scores", async () => {
    const { told, candidate } = await warnings(thresholding);
    expect(told).toEqual([]);
    expect(candidate.task === "binary" && candidate.scores?.[0]).toBeCloseTo(0.3);
  });

  test("as other numbers still says the class, but is no score, and that is told", async () => {
    const logits: Answering = ({ id, inputs }) => ({
      body: probabilities(id, inputs[0]!.data[0]! >= 0.5 ? [-1, 3] : [2, 0]),
    });
    const { told, candidate } = await warnings(logits);
    expect(candidate).toMatchObject({ scores: null });
    expect(candidate.task === "binary" && candidate.labels.filter((label) => label === 1)).toHaveLength(20);
    expect(told).toEqual([expect.stringMatching(/no probabilities in 40 of 40 rows \(one row sums to 2\.000\)/)]);
  });

  test.each([
    ["a class index", '{"name":"c","datatype":"INT64","shape":[1],"data":[1]}'],
    ["a class name", '{"name":"c","datatype":"BYTES","shape":[1],"data":["yes"]}'],
  ])("as %s is a label without a score", async (_title, output) => {
    const { told, candidate } = await warnings(() => ({ body: `{"outputs":[${output}]}` }));
    expect(told).toEqual([]);
    expect(candidate).toMatchObject({ scores: null });
    expect(candidate.task === "binary" && candidate.labels.every((label) => label === 1)).toBe(true);
  });

  test("in several outputs is read from the one that is named", async () => {
    const two =
      '{"name":"p","datatype":"FP32","shape":[1,2],"data":[0,1]},{"name":"q","datatype":"FP32","shape":[1,2],"data":[1,0]}';
    const plan = { task: "binary" as const, classes: ["no", "yes"], output: "q", threshold: 0.5 };
    const { candidate } = await warnings(() => ({ body: `{"outputs":[${two}]}` }), { plan });
    expect(candidate.task === "binary" && candidate.labels.every((label) => label === 0)).toBe(true);
  });
});

test("no answer at all leaves nothing that could pass", async () => {
  await using server = await v2Server(() => ({ status: 500, body: "{}" }));
  const { observations } = await evaluate(optionsFor(server));
  expect([observations.failedRows, observations.truth.length]).toEqual([rows.length, 0]);
});

test("rows are asked in an order that the digests decide", async () => {
  const order = async (champion: EvaluateOptions["champion"]) => {
    const ids: (string | undefined)[] = [];
    await using server = await v2Server((request, count) => {
      ids.push(request.id);
      return thresholding(request, count);
    });
    await evaluate(optionsFor(server, { concurrency: 1, champion }));
    return ids;
  };
  const first = await order(null);
  expect(new Set(first)).toEqual(new Set(rows.map(({ id }) => id)));
  expect(first).not.toEqual(rows.map(({ id }) => id));
  expect(await order(null)).toEqual(first);
  expect(await order({ unavailable: "it does not start", image: champion })).not.toEqual(first);
});

test("a champion that cannot be asked is not the same as none", async () => {
  await using server = await v2Server(thresholding);
  const found = await evaluate(optionsFor(server, { champion: { unavailable: "it does not start", image: champion } }));
  expect(found.observations).toMatchObject({ championState: "unavailable", champion: null });
  expect(found.champion).toEqual({ image: champion, source: "it does not start" });
});

describe("only what ran all the time can be judged", () => {
  test.each<[string, (Running | null)[]]>([
    ["nothing runs", [null]],
    ["another image runs", [{ ...running, image: champion }]],
    ["another image ran afterwards", [running, { ...running, image: champion }]],
    ["the model's bytes changed", [running, { ...running, modelDigest: sha256("tampered") }]],
    ["it was gone afterwards", [running, null]],
  ])("%s", async (_title, seen) => {
    await using server = await v2Server(thresholding);
    const queue = [...seen];
    expect(await codes(evaluate(optionsFor(server, { running: async () => queue.shift() ?? null })))).toEqual([
      "evaluate.subject-changed",
    ]);
  });
});

test("no rows and unknown labels are the user's to mend", async () => {
  await using server = await v2Server(thresholding);
  expect(await codes(evaluate(optionsFor(server, { rows: rowsOf([]) })))).toEqual(["data.empty"]);
  const odd = [
    { ...rows[0]!, label: "maybe" },
    { ...rows[1]!, label: "perhaps" },
  ];
  expect(await codes(evaluate(optionsFor(server, { rows: rowsOf(odd) })))).toEqual(["data.value", "data.value"]);
  expect(server.requests()).toBe(0);
});
