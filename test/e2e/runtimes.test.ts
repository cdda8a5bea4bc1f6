import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntilReady } from "../../src/adapters/platforms/shared/readiness.ts";
import { detect, protocols } from "../../src/adapters/protocols/index.ts";
import { customRuntime } from "../../src/adapters/runtimes/custom.ts";
import { runtimes } from "../../src/adapters/runtimes/index.ts";
import { schemaFault } from "../../src/adapters/schemas/index.ts";
import { sources } from "../../src/adapters/sources/index.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { convertedModels } from "../../src/adapters/system/converted-models.ts";
import { scriptRunner } from "../../src/adapters/system/scripts.ts";
import type { Dialect } from "../../src/domain/dialect.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { readGoldens } from "../../src/domain/golden.ts";
import { metricNamed } from "../../src/domain/metrics/index.ts";
import { type Model, modelDigest } from "../../src/domain/model.ts";
import { answersOf, readPrediction } from "../../src/domain/reading.ts";
import type { Tensors } from "../../src/domain/tensor.ts";
import type { Runtime } from "../../src/ports/runtime.ts";
import { convert } from "../../src/stages/convert.ts";
import { recordGoldens, smoke } from "../../src/stages/smoke.ts";
import { inDialect } from "../fakes/in-dialect.ts";
import { releaseOf } from "../fakes/release.ts";
import { architecture, runtimePack, serverFolder } from "../runtime/server.ts";
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

interface Kind {
  runtime: Runtime;
  environment: Parameters<typeof pythonWith>[0];
  format: string;
  main: string;
  /** Default: x. */
  input?: string;
  output: string;
  dialect?: Dialect;
  /** Whether it is asked over gRPC at a port of its own, which is not where its preset says that it is ready. */
  aside?: true;
  /** What is found out, where it is not what is asked; null: nothing tells. */
  found?: string | null;
}

const mlflowFolder = { format: "mlflow", main: "MLmodel", output: "predictions" };
const { mlserver, mlflow, bentoml } = runtimes;
const ownServer = (format: "kserve" | "litserve", protocol: string, ready: string | null, words: string[] = []) => ({
  runtime: customRuntime({
    command: ["python", "{model}/server.py", "{name}", "8080", ...words],
    ...{ port: 8080, protocol, ready, env: {} },
  }),
  ...{ environment: "own" as const, format, main: "server.py" },
});

const kinds: Record<string, Kind> = {
  "mlserver with scikit-learn": {
    runtime: mlserver(),
    environment: "mlserver",
    format: "sklearn",
    main: "model.joblib",
    output: "predict_proba",
  },
  // MLServer names inputs and outputs by the signature of an MLflow model, and inputs without a name by itself.
  "mlserver with an MLflow model": {
    ...{ runtime: mlserver(), environment: "mlserver", ...mlflowFolder },
    ...{ input: "input-0", output: "output-1" },
  },
  mlflow: { runtime: mlflow(), environment: "mlflow", ...mlflowFolder },
  bentoml: {
    runtime: bentoml(),
    environment: "bentoml",
    format: "bento",
    main: "bento.yaml",
    output: "predictions",
  },
  "the embedded server": {
    runtime: runtimes.onnx({
      ...{ architecture, serverFolder, packFolder: null, customFolder: null, custom: null },
      temporaryFolder: tmpdir(),
    }),
    environment: "own",
    format: "onnx",
    main: "model.onnx",
    output: "probabilities",
  },
  // KServe speaks both of its protocols, and the newer one is found.
  "kserve, left to be found out": { ...ownServer("kserve", "auto", null), output: "output-0", found: "v2" },
  "kserve by its v1": { ...ownServer("kserve", "v1", null), output: "predictions", found: "v2" },
  "kserve in bytes": {
    ...ownServer("kserve", "v2", null),
    ...{ output: "output-0", dialect: { binary: true } },
  },
  "mlserver over gRPC": {
    ...{ runtime: mlserver(), environment: "mlserver", format: "sklearn", main: "model.joblib" },
    ...{ output: "predict_proba", aside: true },
  },
  "kserve over gRPC": { ...ownServer("kserve", "v2-grpc", null, ["grpc"]), output: "output-0", found: null },
  "kserve over gRPC in bytes": {
    ...ownServer("kserve", "v2-grpc", null, ["grpc"]),
    ...{ output: "output-0", found: null, dialect: { binary: true } },
  },
  "litserve by a template": {
    ...ownServer("litserve", "http", "/health"),
    ...{ output: "probabilities", found: null },
    dialect: {
      http: {
        ...{ ready: "/health", method: "POST", path: "/predict" },
        ...{ body: { flowers: { rows: "{x}" } }, read: { probabilities: "/answers/0/probabilities" } },
      },
    },
  },
};
const all = Object.keys(kinds);

let folder = "";
const bins: Record<string, string> = {};
const held: Record<string, Held> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "modelgate-runtimes-"));
  for (const kind of all) {
    if (kinds[kind]!.format === "onnx") await runtimePack();
    bins[kind] = await pythonWith(kinds[kind]!.environment);
    await mkdir(join(folder, kind));
    await promisify(execFile)(join(bins[kind]!, "python"), [train, join(folder, kind), kinds[kind]!.format]);
    held[kind] = JSON.parse(await readFile(join(folder, kind, "rows.json"), "utf8")) as Held;
  }
}, installing);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function modelOf(kind: string): Promise<Model> {
  const { format, main, input = "x", output } = kinds[kind]!;
  const bytes = await readFile(join(folder, kind, format, main));
  return {
    ...releaseOf("iris").model,
    name: "iris",
    format,
    digest: modelDigest([{ path: main, bytes: bytes.length, digest: sha256(bytes) }]),
    inputs: [{ name: input, dtype: "float64", shape: [-1, 4] }],
    outputs: [{ name: output, dtype: "float64", shape: [-1, 3] }],
    facts: { main },
  };
}

/** A row as the model takes it. */
const inputsOf = ({ inputs: [input] }: Model, data: number[]): Tensors => ({
  [input!.name]: { dtype: "float64", shape: [1, 4], data },
});

/** Starts a runtime as its preset says, and waits until it is ready where its preset says. */
async function started(kind: string) {
  const model = await modelOf(kind);
  const runtime = await kinds[kind]!.runtime.plan(model, signal);
  const server = await serve(runtime, bins[kind]!, join(folder, kind, kinds[kind]!.format));
  const waited = await waitUntilReady(
    { model, protocol: runtime.protocol, ...(runtime.readyPath !== undefined && { readyPath: runtime.readyPath }) },
    { milliseconds: 120_000, address: async () => server.url, gone: async () => null, signal },
  );
  if (waited.ready) return { runtime, server, model };
  const log = server.log();
  await server[Symbol.asyncDispose]();
  throw new Error(`${kind} was never ready; it printed:\n${log}`);
}

/** What is found out of a started runtime, and how it is asked: as it says, else as was found out. */
async function spoken({ runtime, server, model }: Awaited<ReturnType<typeof started>>, kind: string) {
  const found = await detect({ url: server.url, protocol: "auto" }, model.name, {}, signal).catch(() => null);
  const { aside } = kinds[kind]!;
  const named = runtime.protocol === "auto" ? found : runtime.protocol;
  const speaks = (aside ? "v2-grpc" : named) as keyof typeof protocols;
  const protocol = inDialect(protocols[speaks], kinds[kind]!.dialect ?? {});
  return { found, protocol, endpoint: { url: aside ? server.grpcUrl : server.url, protocol: speaks } };
}

/** Accuracy and log loss of what a runtime answers to the rows it has not seen. */
async function measured(kind: string): Promise<Record<"accuracy" | "log_loss", unknown>> {
  const one = await started(kind);
  await using _server = one.server;
  const { protocol, endpoint } = await spoken(one, kind);
  await using session = protocol.connect(endpoint, one.model.name);
  const { rows, labels } = held[kind]!;
  const predictions = [];
  for (const [index, row] of rows.entries()) {
    const call = session.prepare(inputsOf(one.model, row), `row-${index}`);
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

test.each(all)(
  "%s starts, is ready where its preset or its protocol says, and is known by what it answers",
  async (kind) => {
    const one = await started(kind);
    await using _server = one.server;
    const { found, protocol, endpoint } = await spoken(one, kind);
    expect(found).toBe(kinds[kind]!.found === undefined ? one.runtime.protocol : kinds[kind]!.found);
    await using session = protocol.connect(endpoint, one.model.name);
    expect((await session.ready(signal)).ready).toBe(true);
  },
);

test.each(all)("the classifier that %s serves measures as in the notebook", async (kind) => {
  const { accuracy, log_loss } = held[kind]!;
  const served = await measured(kind);
  expect(Number(served.accuracy)).toBeCloseTo(accuracy, 6);
  expect(Number(served.log_loss)).toBeCloseTo(log_loss, 6);
  expect(accuracy).toBeGreaterThan(0.8);
});

test.each(all)("%s passes the smoke test", async (kind) => {
  const one = await started(kind);
  const { runtime, model } = one;
  await using _server = one.server;
  const { protocol, endpoint } = await spoken(one, kind);
  const { image } = releaseOf("iris");
  const release = { model, image, protocol: runtime.protocol, port: runtime.port };
  const running = { image, modelDigest: model.digest, endpoint };
  const about = { release, running, protocol, clock: systemClock, signal };
  const examples = held[kind]!.rows.slice(0, 3).map((row, index) => ({
    id: `row-${index}`,
    inputs: inputsOf(model, row),
  }));
  const goldens = readGoldens((await recordGoldens(about, examples)).join("\n"), "golden.jsonl", model.inputs);
  const report = await smoke({
    ...{ ...about, goldens, plan, schemaFault, stranger: null, vitals: undefined, strict: false },
    runner: { skipped: "there is one server" },
  });
  expect(report.steps.filter(({ ok, level }) => !ok && level === "required")).toEqual([]);
  expect(report.passed).toBe(true);
});

test("the version of a package is asked from the Python that converts", async () => {
  const bin = await pythonWith("own");
  const python = join(bin, "python");
  const ask = "import importlib.metadata; print(importlib.metadata.version('numpy'))";
  const { stdout } = await promisify(execFile)(python, ["-c", ask]);
  const own = join(folder, "conversion");
  await mkdir(own);
  await writeFile(join(own, "model.bin"), "weights");
  await writeFile(
    join(own, "halve.py"),
    "import os, numpy\ndata = numpy.fromfile(os.environ['MODELGATE_ORIGINAL'], numpy.uint8)\ndata[::2].tofile(os.environ['MODELGATE_CONVERTED'])\n",
  );
  const made = (tool: string) =>
    convert({
      conversion: { run: [python, "halve.py"], tool, to: "half.bin", env: [], timeoutMilliseconds: 60_000 },
      ...{ path: join(own, "model.bin"), source: sources.path, converted: convertedModels(own, own) },
      runner: scriptRunner({ env: { PATH: process.env["PATH"]! }, folder: own, temporaryFolder: own }),
      ...{ note: () => undefined, signal },
    });
  await expect(made("numpy==0.0.1")).rejects.toThrow(`pins numpy==0.0.1, and numpy is ${stdout.trim()}`);
  const { path } = await made(`numpy==${stdout.trim()}`);
  expect(await readFile(path, "utf8")).toBe("wihs");
});

test("all of them were given the same classifier", () => {
  for (const kind of all) expect(held[kind]!.log_loss).toBeCloseTo(held.mlflow!.log_loss, 9);
});
