import { v2 } from "../../../src/adapters/protocols/v2.ts";
import { schemaFault } from "../../../src/adapters/schemas/index.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { sha256 } from "../../../src/domain/digest.ts";
import { readGoldens } from "../../../src/domain/golden.ts";
import type { Release, Running } from "../../../src/domain/release.ts";
import type { SmokeReport, SmokeStep } from "../../../src/domain/smoke.ts";
import { type SmokeOptions, smoke } from "../../../src/stages/smoke.ts";
import type { V2Server } from "../../fakes/v2-server.ts";

export const { signal } = new AbortController();
export const digest = sha256("model");
export const release: Release = {
  image: { repository: "r.example/m", digest: sha256("image") },
  protocol: "v2",
  port: 8080,
  model: {
    name: "m",
    format: "onnx",
    digest,
    bytes: 1,
    files: [],
    inputs: [{ name: "x", dtype: "float32", shape: [-1, 1] }],
    outputs: [{ name: "p", dtype: "float32", shape: [-1, 2] }],
    facts: {},
  },
};
const goldens = (lines: string) => readGoldens(lines, "golden.jsonl", release.model.inputs);
export const sound =
  '{"id":"a","inputs":{"x":[[0.9]]},"expect":{"p":[[0.2,0.8]]}}\n{"id":"b","inputs":{"x":[[0.1]]},"expect":{"label":"no"}}';
const plan = { task: "binary" as const, classes: ["no", "yes"], output: null, threshold: 0.5 };
// Only waits pass quickly; requests take their time.
export const clock = { ...systemClock, until: async () => undefined };

const skipped = { skipped: "there is no second place in this test" };

export const optionsFor = ({ endpoint }: Pick<V2Server, "endpoint">, lines = sound): SmokeOptions => ({
  release,
  running: { image: release.image, modelDigest: digest, endpoint },
  protocol: v2,
  stranger: null,
  goldens: goldens(lines),
  plan,
  schemaFault,
  runner: skipped,
  vitals: undefined,
  strict: false,
  clock,
  signal,
});

export const run = (server: V2Server, lines = sound, running: Partial<Running> = {}): Promise<SmokeReport> => {
  const options = optionsFor(server, lines);
  return smoke({ ...options, running: { ...options.running, ...running } });
};

export const failed = ({ steps }: SmokeReport): string[] =>
  steps.filter(({ ok, level }) => !ok && level === "required").map(({ id }) => id);

/** The step of a report that has this id. */
export const stepOf = ({ steps }: SmokeReport, id: string): SmokeStep | undefined =>
  steps.find((step) => step.id === id);
