import { describe, expect, test } from "vitest";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { evaluationFromJson, evaluationToJson } from "../../src/domain/evaluation.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { Running } from "../../src/domain/release.ts";
import type { Row } from "../../src/ports/dataset.ts";
import { type EvaluateOptions, evaluate, identify } from "../../src/stages/evaluate.ts";
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
  rows,
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
  expect(evaluationFromJson(JSON.parse(JSON.stringify(evaluationToJson(found))) as never)).toEqual(found);
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

  test("they are left out up to the share the policy allows, and no further", async () => {
    await using server = await v2Server((request, count) =>
      ["r3", "r4"].includes(request.id!) ? { status: 500, body: "{}" } : thresholding(request, count),
    );
    const exclude = (maxShare: number) => evaluate(optionsFor(server, { failedRows: { policy: "exclude", maxShare } }));
    expect((await exclude(0.05)).observations.failedRows).toBe(0);
    expect((await exclude(0.01)).observations.failedRows).toBe(2);
  });

  test("a busy server is asked again, and then it counts", async () => {
    await using server = await v2Server((request, count) =>
      count === 1 ? { status: 503, body: "{}" } : thresholding(request, count),
    );
    expect((await evaluate(optionsFor(server, { rows: rows.slice(0, 1) }))).observations.failedRows).toBe(0);
  });
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
  expect(await codes(evaluate(optionsFor(server, { rows: [] })))).toEqual(["data.empty"]);
  const odd = [
    { ...rows[0]!, label: "maybe" },
    { ...rows[1]!, label: "perhaps" },
  ];
  expect(await codes(evaluate(optionsFor(server, { rows: odd })))).toEqual(["data.value", "data.value"]);
  expect(server.requests()).toBe(0);
});
