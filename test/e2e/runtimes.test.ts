import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntilReady } from "../../src/adapters/platforms/shared/readiness.ts";
import { protocols } from "../../src/adapters/protocols/index.ts";
import { runtimes } from "../../src/adapters/runtimes/index.ts";
import { metricNamed } from "../../src/domain/metrics/index.ts";
import type { Model } from "../../src/domain/model.ts";
import { answersOf, readPrediction } from "../../src/domain/reading.ts";
import { releaseOf } from "../fakes/release.ts";
import { installing, pythonWith } from "./engines/runtimes/python.ts";
import { serve } from "./engines/runtimes/serve.ts";

// Serving runtimes as they are, from PyPI: the layouts and commands of the presets start them, the protocols ask them.

interface Held {
  rows: number[][];
  labels: number[];
  accuracy: number;
  log_loss: number;
}

const { signal } = new AbortController();
const train = resolve(import.meta.dirname, "engines/runtimes/train.py");
const plan = {
  task: "multiclass" as const,
  classes: ["setosa", "versicolor", "virginica"],
  output: null,
  threshold: 0.5,
};

const mlflowFolder = { format: "mlflow", main: "MLmodel", output: "predictions" } as const;
const kinds = {
  "mlserver with scikit-learn": {
    runtime: "mlserver",
    format: "sklearn",
    main: "model.joblib",
    output: "predict_proba",
  },
  "mlserver with an MLflow model": { runtime: "mlserver", ...mlflowFolder },
  mlflow: { runtime: "mlflow", ...mlflowFolder },
  bentoml: { runtime: "bentoml", format: "bento", main: "bento.yaml", output: "predictions" },
} as const;
type Kind = keyof typeof kinds;
const all = Object.keys(kinds) as Kind[];

let folder = "";
const bins: Partial<Record<Kind, string>> = {};
const held: Partial<Record<Kind, Held>> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "modelgate-runtimes-"));
  for (const kind of all) {
    bins[kind] = await pythonWith(kinds[kind].runtime);
    await mkdir(join(folder, kind));
    await promisify(execFile)(join(bins[kind]!, "python"), [train, join(folder, kind), kinds[kind].format]);
    held[kind] = JSON.parse(await readFile(join(folder, kind, "rows.json"), "utf8")) as Held;
  }
}, installing);

afterAll(() => rm(folder, { recursive: true, force: true }));

const modelOf = (kind: Kind): Model => ({
  ...releaseOf("iris").model,
  name: "iris",
  format: kinds[kind].format,
  inputs: [{ name: "x", dtype: "float64", shape: [-1, 4] }],
  outputs: [{ name: kinds[kind].output, dtype: "float64", shape: [-1, 3] }],
  facts: { main: kinds[kind].main },
});

/** Starts a runtime as its preset says, and waits until it is ready where its preset says. */
async function started(kind: Kind) {
  const model = modelOf(kind);
  const runtime = await runtimes[kinds[kind].runtime]().plan(model, signal);
  const server = await serve(runtime, bins[kind]!, join(folder, kind, kinds[kind].format));
  const waited = await waitUntilReady(
    { model, protocol: runtime.protocol, readyPath: runtime.readyPath! },
    { milliseconds: 120_000, address: async () => server.url, gone: async () => null, signal },
  );
  if (waited.ready) return { runtime, server, model };
  const log = server.log();
  await server[Symbol.asyncDispose]();
  throw new Error(`${kind} was never ready; it printed:\n${log}`);
}

/** Accuracy and log loss of what a runtime answers to the rows it has not seen. */
async function measured(kind: Kind): Promise<Record<"accuracy" | "log_loss", unknown>> {
  const { runtime, server, model } = await started(kind);
  await using _server = server;
  const protocol = protocols[runtime.protocol as keyof typeof protocols];
  await using session = protocol.connect({ url: server.url, protocol: runtime.protocol }, model.name);
  const { rows, labels } = held[kind]!;
  const predictions = [];
  for (const [index, row] of rows.entries()) {
    const call = session.prepare({ x: { dtype: "float64", shape: [1, 4], data: row } }, `row-${index}`);
    predictions.push(readPrediction((await call.send(AbortSignal.timeout(30_000))).outputs, plan));
  }
  const answers = answersOf(predictions, plan.task);
  const given = { truth: Float64Array.from(labels), answers, classes: plan.classes, groups: null };
  const value = (name: string): unknown => {
    const metric = metricNamed(name)!;
    const statistic = metric.kind === "rows" ? metric.prepare(given, {}) : null;
    return typeof statistic === "function" ? statistic(new Uint32Array(rows.length).fill(1)) : statistic;
  };
  return { accuracy: value("accuracy"), log_loss: value("log_loss") };
}

test.each(all)("%s starts, and is ready where its preset says", async (kind) => {
  const { server, runtime } = await started(kind);
  await using _server = server;
  expect((await fetch(`${server.url}${runtime.readyPath}`)).status).toBe(200);
});

test.each(all)("the classifier that %s serves measures as in the notebook", async (kind) => {
  const { accuracy, log_loss } = held[kind]!;
  const served = await measured(kind);
  expect(Number(served.accuracy)).toBeCloseTo(accuracy, 6);
  expect(Number(served.log_loss)).toBeCloseTo(log_loss, 6);
  expect(accuracy).toBeGreaterThan(0.8);
});

test.each(all)("%s takes no bad request for a good one, and still answers afterwards", async (kind) => {
  const { runtime, server, model } = await started(kind);
  await using _server = server;
  const protocol = protocols[runtime.protocol as keyof typeof protocols];
  const endpoint = { url: server.url, protocol: runtime.protocol };
  const good = { x: { dtype: "float64" as const, shape: [1, 4], data: held[kind]!.rows[0]! } };
  const taken: string[] = [];
  for (const { id, right, send } of protocol.faults(endpoint, model.name, good)) {
    const { status } = await send(AbortSignal.timeout(30_000));
    if (status >= 200 && status < 300 && !right.includes(status)) taken.push(`${id}: ${status}`);
  }
  expect(taken).toEqual([]);
  await using session = protocol.connect(endpoint, model.name);
  expect((await session.prepare(good, "after").send(AbortSignal.timeout(30_000))).outputs).not.toEqual({});
});

test("all of them were given the same classifier", () => {
  for (const kind of all) expect(held[kind]!.log_loss).toBeCloseTo(held.mlflow!.log_loss, 9);
});
